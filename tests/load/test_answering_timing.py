"""Time does not tell whether an address has an account, at the doors that must not tell it either (D-11).

Login has a test of its own. The requests are interleaved, so that whatever else the machine does is spread over both; run it with
`./dev test --kind load -k answering -s -n0` to see the numbers.
"""

import sys
import time
from collections.abc import Callable
from statistics import median

import httpx2
import pytest

from mainspring.testing.servers import RunningServer

from .test_login_timing import PASSWORD, REAL_COST, area_under_curve

AUTH = "/api/v1/auth"
EACH = 200
WARM_UP = 10
DOORS = {"register": 201, "forgot-password": 202, "magic-link": 202, "verify-email/resend": 202}

pytestmark = pytest.mark.slow


async def seconds_of(client: httpx2.AsyncClient, door: str, email: str) -> float:
    more = {"password": PASSWORD, "name": "Ada"} if door == "register" else {}
    began = time.perf_counter()
    answer = await client.post(f"{AUTH}/{door}", json={"email": email, **more})
    seconds = time.perf_counter() - began
    assert answer.status_code == DOORS[door], answer.text
    return seconds


@pytest.mark.parametrize("door", DOORS)
async def test_known_and_unknown_addresses_take_the_same_time(
    server: Callable[..., RunningServer], door: str, dialect: str
) -> None:
    running = server(env=REAL_COST | {"RATE_LIMITS": "off", "AUTH__REGISTRATION": "silent"})
    async with running.client() as client:
        await seconds_of(client, "register", "known@example.com")
        known, unknown = [], []
        for number in range(WARM_UP + EACH):
            known.append(await seconds_of(client, door, "known@example.com"))
            unknown.append(await seconds_of(client, door, f"unknown{number}@example.com"))

    known, unknown = known[WARM_UP:], unknown[WARM_UP:]
    area = area_under_curve(known, unknown)
    middle, other = median(known) * 1000, median(unknown) * 1000
    sys.stdout.write(
        f"\n{dialect} {door}: known {middle:.2f} ms, unknown {other:.2f} ms, ratio {middle / other:.3f}, area {area:.3f}\n"
    )
    assert 0.4 <= area <= 0.6
