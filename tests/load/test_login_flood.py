"""Forty people sign in at once (D-10, ARCHITECTURE 10 n): memory and everybody else stay well, nobody waits long."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx2
import pytest

from mainspring.testing.servers import RunningServer

PEOPLE = 40
PASSWORD = "correct horse battery staple"
REAL_COST = {
    "PASSWORD__MEMORY_KIB": "65536",
    "PASSWORD__TIME_COST": "3",
    "PASSWORD__PARALLELISM": "4",
    "PASSWORD__LONGEST_WAIT": "2550ms",
}
MEBIBYTE = 1024 * 1024

pytestmark = pytest.mark.slow


@contextmanager
def memory_watched(server: RunningServer) -> Iterator[list[int]]:
    """Proportional memory of all processes of the server, looked at ten times a second."""
    seen: list[int] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            seen.append(server.memory_bytes)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


async def register(client: httpx2.AsyncClient, number: int) -> str:
    email = f"flood{number}@example.com"
    answer = await client.post("/api/v1/auth/register", json={"email": email, "password": PASSWORD, "name": "Ada"})
    assert answer.status_code == 201, answer.text
    return email


async def login(client: httpx2.AsyncClient, email: str) -> tuple[httpx2.Response, float]:
    began = time.perf_counter()
    answer = await client.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD})
    return answer, time.perf_counter() - began


async def other_requests(client: httpx2.AsyncClient, headers: dict[str, str], until: asyncio.Event) -> list[float]:
    latencies = []
    while not until.is_set():
        began = time.perf_counter()
        answer = await client.get("/api/v1/users/me", headers=headers)
        latencies.append(time.perf_counter() - began)
        assert answer.status_code == 200, answer.text
        await asyncio.sleep(0.01)
    return latencies


@pytest.mark.parametrize("limits", ["on", "off"])
async def test_forty_logins_at_once(server: Callable[..., RunningServer], limits: str) -> None:
    running = server(workers=2, env=REAL_COST | {"RATE_LIMITS": limits})
    many = httpx2.Limits(max_connections=100, max_keepalive_connections=100)
    async with httpx2.AsyncClient(base_url=running.url, timeout=30, limits=many) as client, running.client() as other:
        people = [await register(client, number) for number in range(PEOPLE)]
        first, _ = await login(client, people[0])
        headers = {"Authorization": f"Bearer {first.json()['accessToken']}"}
        over = asyncio.Event()
        with memory_watched(running) as memory:
            others = asyncio.ensure_future(other_requests(other, headers, over))
            await asyncio.sleep(0.5)
            answers = await asyncio.gather(*(login(client, email) for email in people))
            over.set()
            latencies = sorted(await others)

    statuses = Counter(answer.status_code for answer, _ in answers)
    p99 = latencies[int(len(latencies) * 0.99)]
    longest = max(seconds for _, seconds in answers)
    print(
        f"{statuses} longest {longest:.2f} s, other p99 {p99 * 1000:.0f} ms of {len(latencies)}, {max(memory) / MEBIBYTE:.0f} MiB"
    )
    assert statuses.keys() <= {200, 503}
    assert statuses[200] >= 20
    assert all(int(answer.headers["retry-after"]) >= 1 for answer, _ in answers if answer.status_code == 503)
    assert longest <= 3
    assert p99 < 0.2
    assert max(memory) < 400 * MEBIBYTE
