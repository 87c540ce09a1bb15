"""The arithmetic of the job benchmark, and that its counts refuse what ran twice or not at all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest

from benchmarks.queues import measuring
from benchmarks.queues.contender import SEEN, Contender
from benchmarks.queues.measuring import Refused, WrongCount, enqueue_cost, speed, spread
from benchmarks.queues.report import OURS, OURS_EMBEDDED, Rounds, promises, ratio, table


def found(enqueue: float = 0.2, speed: float = 2000, here: float = 1.0, *, transactional: bool = True) -> dict[str, Any]:
    return {
        "transactional": transactional,
        "transaction": 0.5,
        "enqueue": enqueue,
        "start_here": {"p50": here, "p95": here},
        "start_elsewhere": {"p50": here, "p95": here},
        "default_concurrency": 10,
        "per_second_default": speed,
        "per_second_same": speed,
    }


class InMemory(Contender):
    """A queue that runs each job `times` times and, when `leaky`, keeps the job of a transaction that failed."""

    transactional: ClassVar[bool] = True
    share: ClassVar[float] = 1.0
    concurrency: ClassVar[int | None] = 1

    def __init__(self, times: int = 1, *, leaky: bool = False) -> None:
        self.times, self.leaky = times, leaky
        self.waiting: list[int] = []
        self.placed = 0

    async def order(self, number: int) -> None:
        self.placed += 1

    async def order_and_enqueue(self, number: int, *, fail: bool = False) -> None:
        if self.leaky or not fail:
            self.waiting.append(number)
        if fail:
            raise Refused
        self.placed += 1

    async def fill(self, numbers: range) -> None:
        self.waiting += numbers

    @asynccontextmanager
    async def working(self, concurrency: int | None) -> AsyncIterator[None]:
        async def run() -> None:
            while True:
                if self.waiting:
                    number = self.waiting.pop(0)
                    for _ in range(self.times):
                        SEEN.began(number)
                await asyncio.sleep(0)

        worker = asyncio.create_task(run())
        yield
        worker.cancel()

    async def unfinished(self) -> int:
        return len(self.waiting)

    async def orders(self) -> int:
        return self.placed


async def test_a_queue_that_runs_each_job_once_is_measured():
    assert await speed(InMemory(), 50, None) > 0
    assert (await enqueue_cost(InMemory(), 10))["with_job"] >= 0


async def test_a_job_that_runs_twice_ends_the_run():
    with pytest.raises(WrongCount, match="runs: "):
        await speed(InMemory(times=2), 50, None)


async def test_a_job_of_a_rolled_back_transaction_ends_the_run():
    with pytest.raises(WrongCount, match="rolled-back"):
        await enqueue_cost(InMemory(leaky=True), 10)


async def test_a_job_that_never_runs_ends_the_run(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(measuring, "LATEST_START", 0.01)

    with pytest.raises(WrongCount):
        await speed(InMemory(times=0), 5, None)


def test_ratios_are_of_rounds_in_which_both_ran():
    rounds: Rounds = {OURS: {1: found(speed=2000), 2: found(speed=900)}, "SAQ Redis": {1: found(speed=1000)}}

    assert ratio(rounds, "SAQ Redis", "jobs/s same") == 2.0


def test_broken_promises_are_told():
    rounds: Rounds = {
        OURS: {1: found(enqueue=0.4, here=6)},
        OURS_EMBEDDED: {1: found(speed=700, here=6)},
        "SAQ Redis": {1: found(speed=3000, transactional=False)},
        "Procrastinate PostgreSQL": {1: found(enqueue=0.8, speed=300)},
    }

    missed = [sentence for sentence, kept in promises(rounds) if not kept]

    assert missed == [
        "More jobs a second than SAQ Redis, same concurrency (times): 0.67",
        "More jobs a second than SAQ Redis, each at its default (times): 0.67",
        f"{OURS}: enqueue at most 0.3 ms: 0.40",
        f"{OURS}: start in the enqueuing process within 5 ms: 6.00",
        f"{OURS}: start in another process within 5 ms: 6.00",
        f"{OURS_EMBEDDED}: start in the enqueuing process within 5 ms: 6.00",
        f"{OURS_EMBEDDED}: at least 800 jobs a second: 700",
    ]
    assert "0.20*" in table(rounds)


def test_nothing_is_promised_of_what_did_not_run():
    assert promises({OURS: {}, "DBOS PostgreSQL": {}}) == []


def test_the_spread_is_median_and_95th_percentile():
    told = spread([float(number) for number in range(1, 101)])

    assert told["p50"] == 50.5
    assert 95 <= told["p95"] <= 96
