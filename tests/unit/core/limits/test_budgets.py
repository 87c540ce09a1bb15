"""Budgets that several processes share: never over the limit, and a write for many requests (D-25)."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

import orjson
import pytest

from mainspring.core import ids
from mainspring.core.errors import TooManyRequests, Unavailable
from mainspring.core.limits.budgets import Budgets
from mainspring.core.limits.lending import ByStore, Written
from mainspring.core.limits.tally import SLOTS, Tally, whole_seconds

T = TypeVar("T")
KEY = ids.new()


class Day:
    """A time of day that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1_700_000_000.0

    def __call__(self) -> float:
        return self.seconds


class Shelf:
    """Tallies as JSON text, changed one after the other, as the database does it."""

    def __init__(self) -> None:
        self.written: dict[UUID, bytes] = {}
        self.changes = 0
        self.fails = False
        self._lock = asyncio.Lock()

    async def change(self, key: UUID, deed: Callable[[Written | None], tuple[Written, T]]) -> T:
        async with self._lock:
            await asyncio.sleep(0)
            if self.fails:
                raise Unavailable
            self.changes += 1
            known = self.written.get(key)
            written, answer = deed(None if known is None else orjson.loads(known))
            self.written[key] = orjson.dumps(written)
        return answer


@pytest.fixture
def day() -> Day:
    return Day()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


async def asks(budgets: Budgets, limit: int) -> bool:
    try:
        await budgets.borrow(KEY, limit)
    except TooManyRequests:
        return False
    return True


async def test_the_limit_holds_for_all_processes_together(day: Day, shelf: Shelf) -> None:
    processes = [Budgets(ByStore(shelf), now=day) for _ in range(4)]

    answers = await asyncio.gather(*(asks(processes[number % 4], 100) for number in range(1000)))

    assert sum(answers) == 100


async def test_no_window_ever_holds_more_than_the_limit(day: Day, shelf: Shelf) -> None:
    processes = [Budgets(ByStore(shelf), now=day) for _ in range(3)]
    accepted: list[float] = []

    for turn in range(4000):  # 200 seconds, in bursts and pauses, far above the limit
        day.seconds += 0.05
        if turn % 200 < 120 and await asks(processes[turn % 3], 60):
            accepted.append(day.seconds)

    most = max(sum(1 for other in accepted if at <= other <= at + 60) for at in accepted)
    assert most <= 60
    assert len(accepted) >= 120  # and the budget is really there to be used


async def test_a_steady_caller_below_the_limit_is_never_refused(day: Day, shelf: Shelf) -> None:
    processes = [Budgets(ByStore(shelf), now=day) for _ in range(4)]
    refused = 0

    for number in range(9 * 570):  # nine minutes at 95 % of 600
        day.seconds += 60 / 570
        refused += not await asks(processes[number % 4], 600)

    assert refused == 0


async def test_a_busy_caller_costs_few_writes_and_a_quiet_one_no_more_than_requests(day: Day, shelf: Shelf) -> None:
    budgets = Budgets(ByStore(shelf), now=day)
    for _ in range(3000):  # ten a second for five minutes
        day.seconds += 0.1
        assert await asks(budgets, 1000)
    busy = shelf.changes

    for _ in range(30):
        day.seconds += 30
        assert await asks(budgets, 1000)

    assert busy <= 100
    assert shelf.changes - busy <= 30


async def test_whoever_is_refused_hears_when_to_come_back_and_is_let_in_then(day: Day, shelf: Shelf) -> None:
    budgets = Budgets(ByStore(shelf), now=day)
    for _ in range(5):
        assert await asks(budgets, 5)

    with pytest.raises(TooManyRequests) as refused:
        await budgets.borrow(KEY, 5)

    assert 60 <= refused.value.retry_after <= 62
    day.seconds += refused.value.retry_after
    assert await asks(budgets, 5)


async def test_a_caller_who_goes_on_asking_costs_one_look_a_second(day: Day, shelf: Shelf) -> None:
    budgets = Budgets(ByStore(shelf), now=day)
    await asyncio.gather(*(asks(budgets, 5) for _ in range(5)))
    before = shelf.changes

    for _ in range(500):
        day.seconds += 0.01
        assert not await asks(budgets, 5)

    assert shelf.changes - before <= 6


async def test_what_a_dead_process_borrowed_counts_as_used_and_comes_back(day: Day, shelf: Shelf) -> None:
    dead, living = Budgets(ByStore(shelf), now=day), Budgets(ByStore(shelf), now=day)
    for _ in range(20):
        assert await asks(dead, 100)
    del dead

    answers = await asyncio.gather(*(asks(living, 100) for _ in range(100)))
    assert 60 <= sum(answers) <= 80
    day.seconds += 70

    assert sum(await asyncio.gather(*(asks(living, 100) for _ in range(100)))) == 100


async def test_what_nobody_used_is_given_back_when_the_loan_is_over(shelf: Shelf) -> None:
    budgets = Budgets(ByStore(shelf), window=1.2)  # loans of a tenth of a second
    for _ in range(12):
        assert await asks(budgets, 400)
    lent = sum(count for count, _ in orjson.loads(shelf.written[KEY])["lent"].values())
    assert lent > 1

    for _ in range(50):
        await asyncio.sleep(0.02)
        if not orjson.loads(shelf.written[KEY])["lent"]:
            break

    tally = orjson.loads(shelf.written[KEY])
    assert not tally["lent"]
    assert sum(tally["used"].values()) == 12


async def test_a_database_that_fails_refuses_and_is_asked_again(day: Day, shelf: Shelf, caplog: pytest.LogCaptureFixture) -> None:
    budgets = Budgets(ByStore(shelf), now=day)
    shelf.fails = True
    answers = await asyncio.gather(*(asks(budgets, 5) for _ in range(3)), return_exceptions=True)
    shelf.fails = False

    assert [type(answer) for answer in answers] == [Unavailable] * 3
    assert await asks(budgets, 5)


async def test_somebody_who_goes_away_while_waiting_takes_nobody_with_him(day: Day, shelf: Shelf) -> None:
    budgets = Budgets(ByStore(shelf), now=day)
    gone, stays = (asyncio.ensure_future(asks(budgets, 5)) for _ in range(2))
    await asyncio.sleep(0)

    gone.cancel()

    assert await stays
    assert gone.cancelled() or gone.done()


def test_a_report_after_the_loan_was_written_off_counts_nothing_twice() -> None:
    tally = Tally(60)
    assert tally.lend("a", 0, 10, 80, 100.0, 105.0) == (0, 10)
    assert tally.lend("b", 1, 0, 100, 110.0, 115.0) == (1, 0)

    tally.report("a", {tally.slot(101.0): 3})

    assert sum(tally.used.values()) == 11


def test_a_tally_survives_being_written() -> None:
    tally = Tally(60)
    tally.lend("a", 1, 3, 100, 100.0, 105.0)
    tally.report("a", {tally.slot(101.0): 2})
    tally.lend("b", 1, 4, 100, 102.0, 107.0)

    again: Any = Tally.read(60, orjson.loads(orjson.dumps(tally.written())))

    assert again == tally
    assert Tally.read(60, None) == Tally(60)


def test_free_again_when_the_oldest_leaves_or_a_loan_ends() -> None:
    tally = Tally(60)
    assert tally.free_in(100.0) == 0
    tally.lend("a", 0, 1, 8, 100.0, 105.0)
    assert tally.free_in(101.0) == 4
    tally.lend("b", 7, 0, 8, 100.0, 105.0)

    assert 60 <= tally.free_in(100.0) <= 60 + 2 * 60 / SLOTS
    assert tally.lend("c", 8, 0, 8, 100.0 + tally.free_in(100.0), 200.0) == (7, 0)


def test_seconds_are_rounded_up() -> None:
    assert [whole_seconds(seconds) for seconds in (0.0, 0.2, 1.0, 1.01)] == [1, 1, 1, 2]
