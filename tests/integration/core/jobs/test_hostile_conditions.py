"""What the worker must survive: conflicts, its own observers, a drain at the wrong moment, news at the wrong moment."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import select

from mainspring.core.application import Application
from mainspring.core.database import Database, DatabaseUnavailable, RunAgain, Statement, TookTooLong, UnitOfWork, update_of
from mainspring.core.database.postgresql.signals import PostgresqlSignals
from mainspring.core.jobs import engine as engines
from mainspring.core.jobs import waiting
from mainspring.core.jobs import worker as workers
from mainspring.core.jobs.attempts import Attempt
from mainspring.core.jobs.engine import JobEngine
from mainspring.core.jobs.models import Job
from mainspring.core.jobs.observers import JobObservers
from mainspring.core.jobs.taking import Taker
from mainspring.core.jobs.worker import JobWorker
from mainspring.core.module import discover
from mainspring.testing.client import AppClient
from tests.integration.core.jobs.conftest import WORKSHOP, row_of, states
from tests.integration.core.jobs.workshop.jobs import RAN, Stamp

FORGOTTEN: Statement[None] = Statement(update_of(Job).values(state="ready", worker=None, token=Job.token - 1))
ROWS = Statement(select(Job.state, Job.crashes, Job.worker).where(Job.name == "workshop.stamp"))


@asynccontextmanager
async def working(application: Application) -> AsyncIterator[JobWorker]:
    worker = application.resolve(JobWorker)
    await worker.start()
    try:
        yield worker
    finally:
        await worker.drain(5)


async def add(database: Database, *texts: str) -> None:
    async with database.unit() as uow:
        for text in texts:
            uow.enqueue(Stamp(text))


async def until(claim: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await claim():
            await asyncio.sleep(0.01)


async def all_done(database: Database, count: int) -> bool:
    rows = await database.begin_reading().all(ROWS)
    return [row[0] for row in rows].count("done") == count


@pytest.mark.parametrize("problem", [RunAgain(), RuntimeError("a bug")], ids=["conflict", "bug"])
async def test_a_claim_that_fails_does_not_end_the_claiming(
    application: Application, database: Database, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    take, failures = Taker.take, [problem]

    async def fails_first(self: Taker, *given: Any) -> Any:
        if failures:
            raise failures.pop()
        return await take(self, *given)

    monkeypatch.setattr(Taker, "take", fails_first)

    async with working(application):
        await add(database, "a")
        await until(lambda: all_done(database, 1))

    assert failures == []


@pytest.mark.parametrize("problem", [RunAgain(), RuntimeError("a bug")], ids=["conflict", "bug"])
async def test_an_observer_that_fails_does_not_end_the_heartbeat(
    application: Application, database: Database, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    monkeypatch.setattr(engines, "BEAT_SECONDS", 0.02)
    monkeypatch.setattr(engines, "IDLE_BEAT_SECONDS", 0.0)
    beats: list[int] = []

    async def observe(uow: UnitOfWork) -> None:
        beats.append(1)
        if len(beats) == 1:
            raise problem

    application.resolve(JobObservers).beating.append(observe)

    async def went_on() -> bool:
        return len(beats) > 2

    async with working(application):
        await until(went_on)


async def test_a_drain_in_the_middle_of_a_claim_counts_no_crash(
    application: Application, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, claimed = Taker.take, asyncio.Event()

    async def slow_to_answer(self: Taker, *given: Any) -> Any:
        rows = await take(self, *given)
        if rows:
            claimed.set()
            await asyncio.sleep(0.5)  # the commit has happened; the answer is on its way
        return rows

    monkeypatch.setattr(Taker, "take", slow_to_answer)
    async with working(application):
        await add(database, "a", "b")
        await claimed.wait()
    await application.resolve(JobEngine).stop()

    for state, crashes, worker in await database.begin_reading().all(ROWS):
        assert (crashes, worker) == (0, None)
        assert state in ("ready", "done")


async def test_no_news_is_lost_between_looking_and_waiting(
    application: Application, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # without the slow poll only the news itself wakes the worker
    monkeypatch.setattr(waiting, "POLL_SECONDS", 3600.0)
    other = Application(application.settings, [*discover(), WORKSHOP])
    await other.start()
    try:
        async with working(application):
            for number in range(60):
                await add(random.choice((application, other)).database, f"{number}")
                if number % 3:
                    await asyncio.sleep(random.uniform(0, 0.02))
            await until(lambda: all_done(database, 60))
    finally:
        await other.stop()

    assert set(await states(database)) == {"done"}


async def test_a_lagging_loop_is_left_alone_and_comes_back(
    application: Application, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "LAG_SECONDS", -1.0)
    async with working(application):
        await add(database, "a")
        await asyncio.sleep(0.2)
        assert await all_done(database, 0)

        monkeypatch.setattr(workers, "LAG_SECONDS", 0.02)
        await until(lambda: all_done(database, 1))


@pytest.mark.parametrize(
    ("problem", "seconds", "state", "failures"),
    [
        (DatabaseUnavailable(), 0.0, "waiting", 0),
        (RunAgain(), 0.0, "waiting", 0),
        (TookTooLong(), 0.0, "dead", 3),  # its own statement, in each attempt
        (DatabaseUnavailable(), 11.0, "dead", 3),  # its own pause in an open transaction looks like a lost connection
    ],
    ids=["outage", "conflict", "too long", "idle"],
)
async def test_only_the_faults_of_the_database_use_no_attempt(
    application: Application,
    database: Database,
    app: AppClient,
    monkeypatch: pytest.MonkeyPatch,
    problem: Exception,
    seconds: float,
    state: str,
    failures: int,
) -> None:
    began: list[float] = []

    async def fails(self: Attempt, arguments: Any) -> None:
        self.began -= seconds
        began.append(self.began)
        raise problem

    monkeypatch.setattr(Attempt, "_call", fails)
    await add(database, "a")

    if state == "dead":
        with pytest.raises(type(problem)):
            await app.work()
    else:
        await app.work()

    row = await row_of(database, "workshop.stamp")
    assert (row["state"], row["failures"], len(began)) == (state, failures, max(failures, 1))


async def test_a_claim_that_the_server_forgot_ends_the_attempt_that_it_began(
    application: Application, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # claims do not wait for the disk on PostgreSQL: after a crash a row may be ready again while its job runs here
    call, gate, called = Attempt._call, asyncio.Event(), []

    async def waits(self: Attempt, arguments: Any) -> None:
        called.append(self)
        if len(called) == 1:
            self._calling = asyncio.current_task()
            await gate.wait()
        await call(self, arguments)

    monkeypatch.setattr(Attempt, "_call", waits)
    async with working(application) as worker:
        await add(database, "a")

        async def has_begun() -> bool:
            return len(called) == 1

        await until(has_begun)
        async with database.unit() as uow:
            await uow.run(FORGOTTEN)
        worker.takers[0].look_at_everything()
        worker.source.wake()
        await until(lambda: all_done(database, 1))
        gate.set()

    assert (len(called), RAN["a"]) == (2, 1)


def test_the_last_words_of_a_closed_connection_are_heard() -> None:
    async def connect() -> Any:
        raise AssertionError("nobody connects here")

    signals, heard = PostgresqlSignals(connect, "jobs"), []
    signals._listeners.append(heard.append)

    signals._heard(object(), 7, "jobs", "mail reports")

    assert heard == [frozenset({"mail", "reports"})]
