"""Five wrong guesses and no sixth, whatever is tried (R-163, D-25, D-27, D-28, D-29)."""

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mainspring.core.errors import TooManyRequests, Unauthenticated, Unavailable
from mainspring.core.limits.failures import FailureLimit
from mainspring.core.limits.networks import network_of
from mainspring.core.runtime import Runtime

ADA, HERE = "ada@example.com", "203.0.113.7"


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    runtime = Runtime(tmp_path)
    yield runtime
    runtime.close()


@pytest.fixture
def limit(runtime: Runtime, clock: Clock) -> FailureLimit:
    return FailureLimit(runtime, now=clock)


async def guess(
    limit: FailureLimit, account: str = ADA, address: str | None = HERE, *, right: bool = False, takes: float = 0
) -> str:
    try:
        async with limit.attempt(account, address):
            await asyncio.sleep(takes)
            if not right:
                raise Unauthenticated
    except Unauthenticated:
        return "wrong"
    except TooManyRequests:
        return "limited"
    except Unavailable:
        return "waited in vain"
    return "right"


async def test_the_sixth_guess_is_not_looked_at(limit: FailureLimit) -> None:
    answers = [await guess(limit) for _ in range(6)]

    assert answers == ["wrong"] * 5 + ["limited"]
    assert await guess(limit, right=True) == "limited"


async def test_successes_are_not_counted(limit: FailureLimit) -> None:
    assert {await guess(limit, right=True) for _ in range(20)} == {"right"}
    assert [await guess(limit) for _ in range(6)] == ["wrong"] * 5 + ["limited"]


async def test_an_overload_is_not_the_callers_failure(limit: FailureLimit) -> None:
    for _ in range(10):
        with pytest.raises(Unavailable):
            async with limit.attempt(ADA, HERE):
                raise Unavailable

    assert await guess(limit) == "wrong"


async def test_the_window_moves_and_says_when_to_come_back(limit: FailureLimit, clock: Clock) -> None:
    for _ in range(5):
        await guess(limit)
        clock.seconds += 60

    with pytest.raises(TooManyRequests) as refusal:
        async with limit.attempt(ADA, HERE):
            pass
    assert refusal.value.retry_after == 600

    clock.seconds += 600
    assert [await guess(limit), await guess(limit)] == ["wrong", "limited"]


async def test_no_window_ever_holds_six(limit: FailureLimit, clock: Clock) -> None:
    wrong = []
    for _ in range(500):
        clock.seconds += 7.3
        if await guess(limit) == "wrong":
            wrong.append(clock.seconds)

    assert len(wrong) > 15
    assert all(later - earlier >= 900 for earlier, later in zip(wrong, wrong[5:], strict=False))


async def test_the_owner_elsewhere_is_not_locked_out(limit: FailureLimit) -> None:
    for _ in range(6):
        await guess(limit)

    assert await guess(limit, address="198.51.100.1", right=True) == "right"


async def test_other_accounts_count_for_the_address(limit: FailureLimit) -> None:
    answers = [await guess(limit, account=f"user{number}@example.com") for number in range(6)]

    assert answers == ["wrong"] * 5 + ["limited"]


async def test_behind_a_shared_address_the_account_still_counts(runtime: Runtime) -> None:
    limit = FailureLimit(runtime, per_address=100)

    assert [await guess(limit) for _ in range(6)] == ["wrong"] * 5 + ["limited"]
    assert await guess(limit, account="bob@example.com") == "wrong"


async def test_spelling_an_account_differently_gives_no_more_guesses(runtime: Runtime) -> None:
    limit = FailureLimit(runtime, per_address=100)

    for spelling in ("ada@example.com", "ADA@example.com", " ada@example.com", "Ada@Example.com ", "ada@EXAMPLE.com"):
        assert await guess(limit, account=spelling) == "wrong"

    assert await guess(limit) == "limited"


async def test_fifty_guesses_at_once_are_no_fifty_guesses(runtime: Runtime) -> None:
    limit = FailureLimit(runtime)

    answers = Counter(await asyncio.gather(*(guess(limit, takes=0.05) for _ in range(50))))

    assert answers == {"wrong": 5, "limited": 45}


async def test_forty_right_ones_at_once_all_come_in(runtime: Runtime) -> None:
    limit = FailureLimit(runtime)

    answers = Counter(await asyncio.gather(*(guess(limit, right=True, takes=0.05) for _ in range(40))))

    assert answers == {"right": 40}


async def test_nobody_waits_longer_than_two_seconds(runtime: Runtime) -> None:
    limit = FailureLimit(runtime, per_account=1)
    began = asyncio.get_running_loop().time()

    first, second = await asyncio.gather(guess(limit, right=True, takes=3), guess(limit, right=True, takes=0.1))

    assert (first, second) == ("right", "waited in vain")
    assert asyncio.get_running_loop().time() - began < 15


async def test_an_attempt_given_up_leaves_no_trace(limit: FailureLimit) -> None:
    for _ in range(10):
        task = asyncio.ensure_future(guess(limit, takes=60))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert [await guess(limit) for _ in range(6)] == ["wrong"] * 5 + ["limited"]


async def test_an_attempt_of_a_dead_process_is_given_up(limit: FailureLimit, clock: Clock) -> None:
    for _ in range(5):
        await limit._begun(limit._limits(ADA, HERE))  # and never decided

    clock.seconds += 11

    assert await guess(limit, right=True) == "right"


async def test_a_limit_switched_off_lets_everything_pass(runtime: Runtime) -> None:
    limit = FailureLimit(runtime, enabled=False)

    assert {await guess(limit) for _ in range(50)} == {"wrong"}


async def test_limits_of_other_purposes_count_apart(runtime: Runtime) -> None:
    login, code = FailureLimit(runtime), FailureLimit(runtime, purpose="code", window=timedelta(minutes=15))
    for _ in range(6):
        await guess(login)

    assert await guess(code) == "wrong"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        (None, "unknown"),
        ("", "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_what_an_address_counts_as(address: str | None, network: str) -> None:
    assert network_of(address) == network


GUESSER = """
import asyncio, sys
from pathlib import Path
from mainspring.core.errors import *
from mainspring.core.limits.failures import FailureLimit
from mainspring.core.runtime import Runtime

async def guess(limit):
    try:
        async with limit.attempt("ada@example.com", "203.0.113.7"):
            await asyncio.sleep(0.02)
            raise Unauthenticated
    except Unauthenticated:
        return 1
    except TooManyRequests:
        return 0

async def main():
    limit = FailureLimit(Runtime(Path(sys.argv[1])))
    print(sum(await asyncio.gather(*(guess(limit) for _ in range(25)))))

asyncio.run(main())
"""


def test_processes_count_together(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", GUESSER, str(tmp_path)], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    looked_at = [int(process.communicate(timeout=60)[0]) for process in processes]

    assert sum(looked_at) == 5
