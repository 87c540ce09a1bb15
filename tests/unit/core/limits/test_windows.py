"""What a moving window promises, in simulated time: never more than the limit, no false refusal below it (D-25, D-27)."""

import asyncio
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mainspring.core.errors import TooManyRequests
from mainspring.core.limits.budgets import Budgets
from mainspring.core.limits.lending import Lent, QuickLender, Wish, settle
from mainspring.core.limits.memory import MemoryLender
from mainspring.core.limits.shared_file import SharedFileLender
from mainspring.core.limits.tally import SLOTS, Tally
from mainspring.core.runtime import Runtime

KEY, LIMIT, WINDOW = "somebody", 100, 900.0
Lenders = Callable[[int], list[QuickLender]]


class Day:
    """A time of day that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1_700_000_000.0

    def __call__(self) -> float:
        return self.seconds


class FarLender:
    """The same tallies behind a wait, as Redis is."""

    def __init__(self, near: MemoryLender) -> None:
        self.near = near

    async def lend(self, key: str, wish: Wish) -> Lent:
        await asyncio.sleep(0)
        return self.near.lend_at_once(key, wish)


@pytest.fixture(params=["memory", "file", "far"])
def lenders(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[int], list[object]]]:
    """Makes what so many processes lend from, all from the same tallies."""
    with ExitStack() as opened:

        def make(processes: int) -> list[object]:
            if request.param == "file":
                runtimes = [Runtime(tmp_path) for _ in range(processes)]
                for runtime in runtimes:
                    opened.callback(runtime.close)
                return [SharedFileLender(runtime) for runtime in runtimes]
            near = MemoryLender()
            return [near if request.param == "memory" else FarLender(near)] * processes

        yield make


async def asks(budgets: Budgets[str], limit: int = LIMIT) -> bool:
    try:
        await budgets.borrow(KEY, limit)
    except TooManyRequests:
        return False
    return True


def most_in_any_window(moments: list[float], window: float) -> int:
    most, first = 0, 0
    for last, at in enumerate(moments):
        while moments[first] <= at - window:
            first += 1
        most = max(most, last - first + 1)
    return most


@pytest.mark.parametrize("processes", [1, 2, 4])
async def test_no_window_of_an_hour_holds_more_than_the_limit(lenders: Lenders, processes: int) -> None:
    day, chance = Day(), random.Random(processes)
    budgets = [Budgets[str](lender, window=WINDOW, now=day) for lender in lenders(processes)]
    accepted: list[float] = []

    while day.seconds < 1_700_003_600:  # an hour in bursts and pauses, far above the limit
        day.seconds += chance.choice([0.01, 0.2, 1, 5]) if chance.random() < 0.99 else 240
        if await asks(chance.choice(budgets)):
            accepted.append(day.seconds)

    assert most_in_any_window(accepted, WINDOW) <= LIMIT
    assert len(accepted) >= 3 * LIMIT  # and what is allowed is really there


@pytest.mark.parametrize("processes", [1, 2, 4])
async def test_a_steady_caller_at_nine_tenths_is_never_refused_in_an_hour(lenders: Lenders, processes: int) -> None:
    day, chance = Day(), random.Random(processes)
    budgets = [Budgets[str](lender, window=WINDOW, now=day) for lender in lenders(processes)]

    answers = []
    for _ in range(360):  # an hour, one in ten seconds
        day.seconds += 10
        answers.append(await asks(chance.choice(budgets)))

    assert answers == [True] * 360


@pytest.mark.parametrize("processes", [1, 4])
async def test_ninety_at_once_every_quarter_of_an_hour_are_never_refused(lenders: Lenders, processes: int) -> None:
    day = Day()
    budgets = [Budgets[str](lender, window=WINDOW, now=day) for lender in lenders(processes)]

    answers = []
    for _ in range(4):
        for number in range(90):
            day.seconds += 0.02
            answers.append(await asks(budgets[number % processes]))
        day.seconds += WINDOW + 2 * WINDOW / SLOTS

    assert all(answers)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.floats(0, 40, allow_nan=False), st.integers(0, 3)), max_size=250), st.integers(1, 60))
async def test_whatever_the_pattern_no_window_holds_more(steps: list[tuple[float, int]], limit: int) -> None:
    day, near = Day(), MemoryLender()
    budgets = [Budgets[str](near, window=60, now=day) for _ in range(4)]
    accepted: list[float] = []

    for pause, process in steps:
        day.seconds += pause * pause / 40  # mostly short ones
        if await asks(budgets[process], limit):
            accepted.append(day.seconds)

    assert most_in_any_window(accepted, 60) <= limit


async def test_many_at_once_get_the_limit_and_no_more(lenders: Lenders) -> None:
    day = Day()
    budgets = [Budgets[str](lender, window=WINDOW, now=day) for lender in lenders(4)]

    answers = await asyncio.gather(*(asks(budgets[number % 4]) for number in range(500)))

    assert sum(answers) == LIMIT


async def test_a_standing_says_what_is_left_and_when_there_is_more() -> None:
    day = Day()
    budgets = Budgets[str](MemoryLender(), window=WINDOW, now=day)
    left = []

    for _ in range(LIMIT):
        left.append((await budgets.borrow(KEY, LIMIT)).remaining)

    assert left == list(range(LIMIT - 1, -1, -1))
    with pytest.raises(TooManyRequests) as refused:
        await budgets.borrow(KEY, LIMIT)
    day.seconds += refused.value.retry_after - 20
    assert not await asks(budgets)
    day.seconds += 20
    assert await asks(budgets)


def test_memory_that_is_full_forgets_whoever_used_least() -> None:
    memory = MemoryLender(most=20)
    for _ in range(90):
        memory.lend_at_once("busy", Wish(100, WINDOW, 1000.0, 1))

    for number in range(500):
        memory.lend_at_once(f"passing {number}", Wish(100, WINDOW, 1000.0, 1))

    assert memory.lend_at_once("busy", Wish(100, WINDOW, 1000.0, 20)).granted == 10


def test_rows_whose_window_has_passed_leave_the_file(tmp_path: Path) -> None:
    runtime = Runtime(tmp_path)
    lender = SharedFileLender(runtime)
    for number in range(100):
        lender.lend_at_once(f"early {number}", Wish(100, 60, 1000.0, 1))

    for number in range(200):
        lender.lend_at_once(f"late {number % 3}", Wish(100, 60, 2000.0, 1))

    assert runtime.rows("SELECT count(*) FROM tallies") == [(3,)]
    runtime.close()


def test_a_locked_file_closes_no_door_and_opens_none(tmp_path: Path) -> None:
    runtime = Runtime(tmp_path)
    lender = SharedFileLender(runtime, processes=4)
    assert lender.lend_at_once(KEY, Wish(100, 60, 1000.0, 1)).granted == 1

    with sqlite3.connect(runtime.path, isolation_level=None) as stopped:
        stopped.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        granted = sum(lender.lend_at_once(KEY, Wish(100, 60, 1000.0, 1)).granted for _ in range(50))
        waited = time.monotonic() - began
        stopped.execute("ROLLBACK")
    stopped.close()

    assert granted == 25
    assert waited < 2
    runtime.close()


def test_what_was_counted_elsewhere_is_added_whatever_the_limit_is() -> None:
    tally = Tally(60)

    settle(tally, Wish(0, 60, 1000.0, 0, used={tally.slot(999.0): 70}))

    assert tally.taken == 70
    assert settle(tally, Wish(60, 60, 1000.0, 1)).granted == 0
