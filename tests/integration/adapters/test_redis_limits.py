"""Limits in Redis: as exact as in memory, and harmless when Redis is gone or does not answer (D-25, R-165, R-233)."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mainspring.adapters.redis.limits import RedisLimits
from mainspring.adapters.redis.link import LONGEST_STEP, RedisLink, pause_before
from mainspring.core.errors import TooManyRequests, Unauthenticated, Unavailable
from mainspring.core.limits.budgets import Budgets
from mainspring.core.limits.failures import FailureLimit
from mainspring.core.limits.fair_share import FairShare
from mainspring.core.limits.lending import Wish, settle
from mainspring.core.limits.memory import MemoryLender
from mainspring.core.limits.tally import Tally
from mainspring.core.runtime import Runtime
from mainspring.testing.client import AppClient
from tests.integration.adapters.redis_servers import OwnRedis, own_redis
from tests.unit.core.limits.test_windows import most_in_any_window

PATIENT = 5.0  # seconds: a busy test machine is no lost Redis


def limits_at(url: str, machine: str = "one", deadline: float = PATIENT) -> RedisLimits:
    return RedisLimits(url, machine=machine, link=RedisLink(url, machine=machine, deadline=deadline))


@pytest.fixture
async def limits(redis_url: str) -> AsyncIterator[RedisLimits]:
    limits = limits_at(redis_url)
    yield limits
    await limits.close()


@pytest.fixture
def key() -> str:
    return f"rl:test:{secrets.token_hex(8)}"


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[OwnRedis]:
    """A Redis that the test may stop."""
    with own_redis(tmp_path) as server:
        if server is None:
            missing = "A Redis to stop was skipped: there is no program redis-server."
            pytest.fail(missing) if request.config.getoption("--complete") else pytest.skip(missing)
        yield server


steps = st.lists(
    st.tuples(
        st.floats(0, 30, allow_nan=False),  # seconds later
        st.integers(0, 5),  # needed
        st.integers(0, 20),  # wanted
        st.sampled_from(["", "last", "older", "strange"]),  # what is reported
        st.integers(0, 3),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps, st.integers(1, 80))
async def test_redis_settles_as_memory_does(redis_url: str, steps: list[tuple[float, int, int, str, int]], limit: int) -> None:
    limits, key = limits_at(redis_url), f"rl:test:{secrets.token_hex(8)}"
    tally, now, loans = Tally(60), 1_700_000_000.25, [""]

    for number, (pause, needed, wanted, reported, used) in enumerate(steps):
        now += pause
        ended = {"": None, "last": loans[-1], "older": loans[len(loans) // 2], "strange": "strange"}[reported]
        slots = {tally.slot(now - 1): used, tally.slot(now - 9): 1} if reported else {}
        wish = Wish(limit, 60, now, needed, wanted, f"loan{number}", now + 5, ended or None, slots)
        loans.append(wish.loan)

        assert await limits.lend(key, wish) == settle(tally, wish)

    await limits.close()


@pytest.mark.parametrize("processes", [1, 4])
async def test_no_real_window_holds_more_and_nine_tenths_are_never_refused(redis_url: str, processes: int, key: str) -> None:
    budgets = [Budgets[str](limits_at(redis_url), window=1.0) for _ in range(processes)]
    accepted: list[float] = []

    async def ask(number: int) -> bool:
        try:
            await budgets[number % processes].borrow(key, 40)
        except TooManyRequests:
            return False
        accepted.append(time.time())
        return True

    steady = []
    for number in range(54):  # a second and a half at nine tenths
        steady.append(await ask(number))
        await asyncio.sleep(1.0 / 36)
    ends = time.monotonic() + 1.3
    while time.monotonic() < ends:  # then far too many
        await asyncio.gather(*(ask(number) for number in range(8)))
        await asyncio.sleep(0.01)

    assert all(steady)
    assert most_in_any_window(accepted, 1.0) <= 40 + 1  # the moment is noted a little later than it is counted
    for one in budgets:
        await one.lender.close()  # type: ignore[attr-defined]


async def test_many_at_once_get_the_limit_and_no_more(limits: RedisLimits, key: str) -> None:
    budgets = [Budgets[str](limits, window=900) for _ in range(4)]

    async def ask(number: int) -> bool:
        try:
            await budgets[number % 4].borrow(key, 100)
        except TooManyRequests:
            return False
        return True

    assert sum(await asyncio.gather(*(ask(number) for number in range(400)))) == 100


async def test_a_tally_leaves_redis_by_itself(limits: RedisLimits, key: str) -> None:
    await limits.lend(key, Wish(100, 900, time.time(), 1))

    left = await limits.link.call(lambda redis: redis.pttl(key))

    assert 1_000_000 < left <= 1_126_000


async def test_failures_are_counted_as_in_the_file(limits: RedisLimits, key: str) -> None:
    keys = {f"{key} address": 3, f"{key} account": 2}
    begun = [await limits.begin(keys, 60, 10, name) for name in ("a", "b", "c")]
    assert [look.is_full for look in begun] == [False, False, True]  # two under way might fail

    assert await limits.fail(list(keys), 60, "a") == [1, 1]
    await limits.forget(list(keys), "b")
    assert not (await limits.begin(keys, 60, 10, "c")).is_full
    assert await limits.fail(list(keys), 60, "c") == [2, 2]

    refused = (await limits.look(keys, 60)).refused
    assert refused is not None
    assert 55 < refused <= 60


async def test_an_attempt_that_never_ended_and_a_failure_long_ago_count_no_more(limits: RedisLimits, key: str) -> None:
    keys = {key: 1}
    await limits.begin(keys, 60, 0.05, "dead")
    await asyncio.sleep(0.1)
    assert not (await limits.begin(keys, 60, 0.05, "next")).is_full

    await limits.add([(key, 50.0, "early")], 60)
    await limits.add([(key, 50.0, "early")], 60)

    refused = (await limits.look(keys, 60)).refused
    assert refused is not None
    assert 5 < refused <= 10
    assert (await limits.look({key: 2}, 60)).failed == 1


async def test_every_machine_is_counted(redis_url: str, server: OwnRedis) -> None:
    first, second = limits_at(server.url, "one"), limits_at(server.url, "two")
    for limits in (first, second):
        await limits.lend("rl:test", Wish(10, 60, time.time(), 1))

    await until(lambda: first.machines == 2, 4)

    assert second.machines in (1, 2)
    await first.close()
    await second.close()


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_a_lost_redis_keeps_nobody_waiting_and_comes_back(server: OwnRedis, how: str, key: str) -> None:
    limits = limits_at(server.url, deadline=0.08)
    budgets = Budgets[str](FairShare(limits, MemoryLender()), window=900)
    await budgets.borrow(key, 1000)
    (server.kill if how == "killed" else server.freeze)()

    waits = []
    for number in range(200):
        began = time.monotonic()
        await budgets.borrow(f"{key}{number}", 1000)  # each asks for itself
        waits.append(time.monotonic() - began)

    assert not limits.is_up
    assert sum(wait > 0.05 for wait in waits) <= 3
    with pytest.raises(Unavailable):
        await limits.ping()

    await asyncio.sleep(1.5)
    (server.start if how == "killed" else server.thaw)()
    began = time.monotonic()
    await until(lambda: limits.is_up, 5)
    await asyncio.sleep(0.2)
    known = await limits.link.call(lambda redis: redis.exists(f"{key}150"))
    assert known == 1  # what was counted alone was handed over
    await limits.close()


def test_the_pauses_between_two_tries_grow_by_fifty_milliseconds() -> None:
    assert [round(pause_before(number), 2) for number in (1, 2, 3, 39, 40, 400)] == [0.05, 0.1, 0.15, 1.95, 2.0, LONGEST_STEP]


async def test_guesses_stay_limited_on_two_machines_without_redis(server: OwnRedis, tmp_path: Path) -> None:
    commons = [limits_at(server.url, name, deadline=0.08) for name in ("one", "two")]
    runtimes = [Runtime(tmp_path / name) for name in ("one", "two")]
    doors = [FailureLimit(runtime, common=common) for runtime, common in zip(runtimes, commons, strict=True)]

    async def guess(door: int, account: str, address: str) -> str:
        try:
            async with doors[door].attempt(account, address):
                raise Unauthenticated
        except Unauthenticated:
            return "wrong"
        except TooManyRequests:
            return "limited"

    together = [await guess(number % 2, "ada", "203.0.113.1") for number in range(6)]
    await until(lambda: commons[0].machines == 2 and commons[1].machines == 2, 5)
    server.freeze()
    alone = [await guess(number % 2, "bob", "203.0.113.2") for number in range(8)]
    server.thaw()
    await until(lambda: all(common.is_up for common in commons), 5)
    await asyncio.sleep(0.2)
    again = [await guess(number % 2, "bob", "203.0.113.2") for number in range(3)]

    assert together == ["wrong"] * 5 + ["limited"]
    assert alone == ["wrong"] * 4 + ["limited"] * 4
    assert again == ["wrong", "limited", "limited"]
    for each in (*commons, *runtimes):
        closed = each.close()
        if closed is not None:
            await closed


@pytest.fixture
def environment(request: pytest.FixtureRequest) -> dict[str, str]:
    return {"REDIS_URL": request.getfixturevalue("server").url} if "server" in request.fixturenames else {}


async def test_health_tells_of_redis(server: OwnRedis, app: AppClient) -> None:
    well = await app.get("/health")
    server.kill()
    lost, ready = await app.get("/health"), await app.get("/ready")

    assert (well.status_code, well.json()["checks"]["redis"]) == (200, "ok")
    assert (lost.status_code, lost.json()["status"], lost.json()["checks"]["redis"]) == (503, "degraded", "down")
    assert ready.status_code == 200


async def until(holds: Callable[[], bool], seconds: float) -> None:
    """Wait until something holds, at most so long."""
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, "it did not come true in time"
        await asyncio.sleep(0.02)
