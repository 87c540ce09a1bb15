"""Several processes on one database: waking, limits, lanes, and what one of them holds (R-263)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from mainspring.core.application import Application
from mainspring.core.database import Database, DuplicateValue
from mainspring.core.jobs import JobBook, waiting
from mainspring.core.jobs.engine import JobEngine
from mainspring.core.jobs.enqueueing import add_job
from mainspring.core.jobs.worker import JobWorker
from mainspring.core.module import discover
from mainspring.core.settings import Settings
from tests.integration.core.jobs.conftest import WORKSHOP, all_are, marks, row_of, states, until
from tests.integration.core.jobs.workshop import jobs as workshop
from tests.integration.core.jobs.workshop.jobs import Hold, HoldKeyed, HoldOne, Stamp


@pytest.fixture
async def workers(application: Application, settings: Settings) -> AsyncIterator[list[JobWorker]]:
    """Two applications with workers. They share nothing but the database (and counters of this test)."""
    async with AsyncExitStack() as stack:
        two = []
        for _ in range(2):
            other = Application(settings, [*discover(), WORKSHOP])
            await other.start()
            stack.push_async_callback(other.stop)
            worker = JobWorker(other, concurrency=4)
            await worker.start()
            stack.push_async_callback(worker.drain, 1)
            two.append(worker)
        yield two


async def test_another_process_hears_of_a_row_without_looking_for_it(
    database: Database, application: Application, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "POLL_SECONDS", 3600.0)
    other = Application(settings, [*discover(), WORKSHOP])
    await other.start()
    worker = JobWorker(other, concurrency=2)
    await worker.start()
    await asyncio.sleep(0.3)  # it has looked once and listens

    for text in ("a", "b"):
        async with database.unit() as uow:
            uow.enqueue(Stamp(text))
        await until(lambda: all_are(database, "done"))

    assert await marks(database) == ["a", "b"]
    await worker.drain(1)
    await other.stop()


async def test_a_limit_of_a_job_holds_over_processes(workers: list[JobWorker], database: Database) -> None:
    async with database.unit() as uow:
        for _ in range(10):
            uow.enqueue(HoldOne())

    await until(lambda: all_are(database, "done"))

    assert workshop.MOST_AT_ONCE["hold_one"] == 1


async def test_a_limit_by_key_holds_over_processes(workers: list[JobWorker], database: Database) -> None:
    for number in range(12):
        async with database.unit() as uow:
            uow.enqueue(HoldKeyed("abc"[number % 3]))

    await until(lambda: all_are(database, "done"))

    assert {workshop.MOST_AT_ONCE[f"keyed {key}"] for key in "abc"} == {1}


class TestQueueLimit:
    @pytest.fixture
    def environment(self) -> dict[str, str]:
        return {"JOBS__QUEUES": "default:3,mail:1"}

    async def test_a_limit_of_a_queue_holds_over_processes(self, workers: list[JobWorker], database: Database) -> None:
        async with database.unit() as uow:
            for _ in range(12):
                uow.enqueue(Hold())

        await until(lambda: all_are(database, "done"))

        assert workshop.MOST_AT_ONCE["hold"] <= 3


async def test_lanes_keep_their_order_while_many_write_and_two_work(
    workers: list[JobWorker], application: Application, database: Database
) -> None:
    stamp = application.resolve(JobBook).find("workshop.stamp")
    last = dict.fromkeys("abc", 0)

    async def write(lane: str) -> None:
        for _ in range(10):
            async with database.unit() as uow:
                await uow.lock(f"lane {lane}", wait=True)
                last[lane] += 1
                add_job(uow, stamp, Stamp(f"{lane}{last[lane]:02}"), lane=lane, lane_seq=last[lane])

    await asyncio.gather(*(write(lane) for lane in "aabbcc"))
    await until(lambda: all_are(database, "done"))

    for lane in "abc":
        assert [text for text in workshop.ORDER if text[0] == lane] == [f"{lane}{number:02}" for number in range(1, 21)]


async def test_a_held_job_runs_directly_after_the_commit_that_made_it(application: Application, database: Database) -> None:
    engine = application.resolve(JobEngine)
    stamp = application.resolve(JobBook).find("workshop.stamp")
    await engine.join()

    async with database.unit() as uow:
        held = engine.hold(uow, stamp, Stamp("a"))

    assert (await held.outcome).state == "done"
    assert (await marks(database), await states(database)) == (["a"], ["done"])


async def test_a_held_job_of_a_unit_that_rolls_back_never_runs(application: Application, database: Database) -> None:
    engine = application.resolve(JobEngine)
    stamp = application.resolve(JobBook).find("workshop.stamp")
    await engine.join()

    with pytest.raises(LookupError):
        async with database.unit() as uow:
            engine.hold(uow, stamp, Stamp("a"))
            raise LookupError

    await asyncio.sleep(0.05)
    assert (workshop.RAN["a"], await states(database)) == (0, [])


async def test_a_held_job_whose_dedup_key_is_taken_is_refused(application: Application, database: Database) -> None:
    engine = application.resolve(JobEngine)
    stamp = application.resolve(JobBook).find("workshop.stamp")
    await engine.join()
    async with database.unit() as uow:
        uow.enqueue(Stamp("a"), dedup_key="one", delay=timedelta(hours=1))

    with pytest.raises(DuplicateValue):
        async with database.unit() as uow:
            engine.hold(uow, stamp, Stamp("b"), dedup_key="one")


async def test_a_process_that_has_not_joined_holds_nothing(application: Application, database: Database) -> None:
    engine = application.resolve(JobEngine)
    stamp = application.resolve(JobBook).find("workshop.stamp")

    async with database.unit() as uow:
        with pytest.raises(RuntimeError, match=r"await JobEngine\.join"):
            engine.hold(uow, stamp, Stamp("a"))


async def test_a_held_job_that_fails_is_tried_again_by_any_worker(
    workers: list[JobWorker], application: Application, database: Database
) -> None:
    engine = application.resolve(JobEngine)
    stamp = application.resolve(JobBook).find("workshop.stamp")
    await engine.join()

    async with database.unit() as uow:
        held = engine.hold(uow, stamp, Stamp("a", fail=1))

    assert (await held.outcome).state == "ready"
    await until(lambda: all_are(database, "done"))
    assert (await row_of(database, "workshop.stamp"))["failures"] == 1
