"""Time does not tell whether an address has an account (D-11)."""

import time
from collections.abc import Callable

import httpx2
import pytest

from mainspring.testing.servers import RunningServer

EACH = 500
PASSWORD = "correct horse battery staple"
REAL_COST = {
    "PASSWORD__MEMORY_KIB": "65536",
    "PASSWORD__TIME_COST": "3",
    "PASSWORD__PARALLELISM": "4",
    "PASSWORD__LONGEST_WAIT": "2550ms",
}

pytestmark = pytest.mark.slow


async def seconds_of(client: httpx2.AsyncClient, email: str) -> float:
    began = time.perf_counter()
    answer = await client.post("/api/v1/auth/login", json={"email": email, "password": "not my password"})
    seconds = time.perf_counter() - began
    assert answer.status_code == 401, answer.text
    return seconds


def area_under_curve(ones: list[float], others: list[float]) -> float:
    """How often a random one of the first took longer than a random one of the second; 0.5 tells nothing."""
    longer = sum((one > other) + 0.5 * (one == other) for one in ones for other in others)
    return longer / (len(ones) * len(others))


async def test_known_and_unknown_addresses_take_the_same_time(server: Callable[..., RunningServer]) -> None:
    running = server(env=REAL_COST | {"RATE_LIMITS": "off"})
    async with running.client() as client:
        body = {"email": "known@example.com", "password": PASSWORD, "name": "Ada"}
        assert (await client.post("/api/v1/auth/register", json=body)).status_code == 201
        for _ in range(20):
            await seconds_of(client, "known@example.com")
        known, unknown = [], []
        for number in range(EACH):
            known.append(await seconds_of(client, "known@example.com"))
            unknown.append(await seconds_of(client, f"unknown{number}@example.com"))

    area = area_under_curve(known, unknown)
    print(f"area {area:.3f}, medians {sorted(known)[EACH // 2] * 1000:.1f} and {sorted(unknown)[EACH // 2] * 1000:.1f} ms")
    assert 0.44 <= area <= 0.56
