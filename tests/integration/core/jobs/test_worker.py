"""The worker of a process: what it claims, how many at once, in which order, and how it ends (R-263)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from mainspring.core.application import Application
from mainspring.core.database import Database, Statement, bind
from mainspring.core.jobs.book import JobBook
from mainspring.core.jobs.enqueueing import add_job
from mainspring.core.jobs.models import Job
from mainspring.core.jobs.worker import JobWorker
from tests.integration.core.jobs.conftest import all_are, marks, row_of, states, states_are, until
from tests.integration.core.jobs.workshop import jobs as workshop
from tests.integration.core.jobs.workshop.jobs import Engrave, Hold, HoldKeyed, HoldOne, Rated, Stamp, Wait

RENAME: Statement[Any] = Statement(
    update(Job)
    .where(Job.name == bind("old", Job.name), Job.state == "waiting")
    .values(name=bind("new", Job.name), run_at=Job.created_at)
)


@pytest.fixture
async def worker(application: Application) -> AsyncIterator[JobWorker]:
    worker = JobWorker(application, concurrency=4)
    await worker.start()
    yield worker
    await worker.drain(1)


async def test_a_committed_job_is_run_without_being_asked_for(worker: JobWorker, database: Database) -> None:
    async with database.unit() as uow:
        uow.enqueue(Stamp("a"))

    await until(lambda: states_are(database, ["done"]))

    assert await marks(database) == ["a"]


async def test_a_job_for_later_runs_when_its_time_has_come(worker: JobWorker, database: Database) -> None:
    async with database.unit() as uow:
        uow.enqueue(Stamp("a"), delay=timedelta(milliseconds=200))

    assert await states(database) == ["waiting"]
    await until(lambda: states_are(database, ["done"]))


async def test_no_more_run_at_once_than_there_is_room_for(worker: JobWorker, database: Database) -> None:
    async with database.unit() as uow:
        for _ in range(9):
            uow.enqueue(Hold())

    await until(lambda: all_are(database, "done"))

    assert workshop.MOST_AT_ONCE["hold"] == 4


async def test_a_limit_of_a_job_holds_beside_other_jobs(worker: JobWorker, database: Database) -> None:
    async with database.unit() as uow:
        for _ in range(5):
            uow.enqueue(HoldOne())
        uow.enqueue(Stamp("a"))

    await until(lambda: all_are(database, "done"))

    assert workshop.MOST_AT_ONCE["hold_one"] == 1


async def test_a_limit_by_key_lets_other_keys_run(worker: JobWorker, database: Database) -> None:
    async with database.unit() as uow:
        for key in "aaabbb":
            uow.enqueue(HoldKeyed(key))

    await until(lambda: all_are(database, "done"))

    assert (workshop.MOST_AT_ONCE["keyed a"], workshop.MOST_AT_ONCE["keyed b"]) == (1, 1)
    assert workshop.MOST_AT_ONCE["keyed"] == 2


async def test_a_rate_holds_back_what_is_too_many(worker: JobWorker, database: Database) -> None:
    async with database.unit() as uow:
        for _ in range(5):
            uow.enqueue(Rated())

    await until(lambda: states_are(database, ["done", "done", "ready", "ready", "ready"]))
    await asyncio.sleep(0.1)

    assert await states(database) == ["done", "done", "ready", "ready", "ready"]


async def test_rows_of_a_lane_run_one_after_the_other_in_their_order(
    worker: JobWorker, application: Application, database: Database
) -> None:
    stamp = application.resolve(JobBook).find("workshop.stamp")
    for number in range(8):
        async with database.unit() as uow:
            add_job(uow, stamp, Stamp(str(number), fail=1 if number == 3 else 0), lane="one", lane_seq=number)
            add_job(uow, stamp, Stamp(f"other {number}"), lane="two", lane_seq=number)

    await until(lambda: all_are(database, "done"))

    assert [text for text in workshop.ORDER if len(text) == 1] == ["0", "1", "2", "3", "3", "4", "5", "6", "7"]


async def test_a_dead_row_lets_the_next_of_its_lane_go(worker: JobWorker, application: Application, database: Database) -> None:
    stamp = application.resolve(JobBook).find("workshop.stamp")
    async with database.unit() as uow:
        add_job(uow, stamp, Stamp("a", how="give up"), lane="one", lane_seq=1)
        add_job(uow, stamp, Stamp("b"), lane="one", lane_seq=2)

    await until(lambda: states_are(database, ["dead", "done"]))


async def test_a_running_job_can_be_cancelled(worker: JobWorker, application: Application, database: Database) -> None:
    async with database.unit() as uow:
        id = uow.enqueue(Wait())
    await until(lambda: states_are(database, ["running"]))

    await until(lambda: _true(workshop.WAITING > 0))
    worker.engine.cancel(id)
    await until(lambda: states_are(database, ["cancelled"]))

    assert await marks(database, "waited") == []


async def test_what_does_not_end_in_time_is_given_back_at_the_end(application: Application, database: Database) -> None:
    worker = JobWorker(application, concurrency=4)
    await worker.start()
    async with database.unit() as uow:
        uow.enqueue(Wait())
    await until(lambda: _true(workshop.WAITING > 0))

    await worker.drain(0.5)

    row = await row_of(database, "workshop.wait")
    assert (row["state"], row["failures"], row["crashes"], await marks(database, "waited")) == ("ready", 0, 0, [])


async def test_a_worker_of_one_queue_leaves_the_others_alone(application: Application, database: Database) -> None:
    worker = JobWorker(application, queues=["metal"], concurrency=2)
    await worker.start()
    async with database.unit() as uow:
        uow.enqueue(Stamp("a"))
        uow.enqueue(Engrave("b", 1))

    await until(lambda: states_are(database, ["ready", "done"]))

    await worker.drain(1)


async def test_a_name_that_nobody_knows_is_left_for_others(worker: JobWorker, database: Database) -> None:
    async with database.unit() as uow:
        uow.enqueue(Stamp("a"))
        uow.enqueue(Stamp("b"), delay=timedelta(hours=1))
    await until(lambda: states_are(database, ["done", "waiting"]))
    await rename(database, "workshop.stamp", "workshop.forged")
    await until(lambda: states_are(database, ["done", "ready"]))

    await asyncio.sleep(0.2)

    assert await states(database) == ["done", "ready"]


async def rename(database: Database, old: str, new: str) -> None:
    async with database.unit() as uow:
        await uow.run(RENAME, old=old, new=new)


async def _true(value: bool) -> bool:
    return value
