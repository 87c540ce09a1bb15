"""Jobs that a broker carries to the workers: the row stays the record, and every guarantee holds (R-294)."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from mainspring.core.application import Application
from mainspring.core.database import Database, Statement
from mainspring.core.jobs.carrying import lookout
from mainspring.core.jobs.carrying.ports import JobCarrier, Ticket
from mainspring.core.jobs.carrying.posting import Poster
from mainspring.core.jobs.models import Job
from mainspring.core.jobs.taking import Taker
from mainspring.core.jobs.worker import JobWorker
from mainspring.core.module import discover
from mainspring.testing.databases import settings_for
from tests.integration.brokers.conftest import Place
from tests.integration.brokers.door import Door
from tests.integration.core.events.conftest import MAILROOM
from tests.integration.core.events.conftest import marks as effects
from tests.integration.core.events.mailroom.events import LetterPosted
from tests.integration.core.jobs.conftest import WORKSHOP, marks, until
from tests.integration.core.jobs.workshop import jobs as workshop
from tests.integration.core.jobs.workshop.jobs import ORDER, RAN, Hold, HoldOne, Stamp

ROOT = Path(__file__).parents[3]
STATES = Statement(select(Job.state).where(Job.name.startswith("workshop.") | Job.name.startswith("mailroom.")), str)


@pytest.fixture
async def door(place: Place) -> AsyncIterator[Door]:
    async with Door(place.url) as door:
        yield door


@pytest.fixture
async def application(place: Place, door: Door, database_url: str, tmp_path: Path) -> AsyncIterator[Application]:
    workshop.reset()
    environment = {
        "JOBS__TRANSPORT": place.kind,
        "JOBS__TRANSPORT_URL": door.url,
        "JOBS__TRANSPORT_NAME": place.name,
    }
    application = Application(settings_for(database_url, tmp_path, environment), [*discover(), WORKSHOP, MAILROOM])
    await application.start()
    try:
        yield application
    finally:
        await application.stop()


@pytest.fixture
async def worker(application: Application) -> AsyncIterator[JobWorker]:
    async with working(application) as worker:
        yield worker


class working:  # noqa: N801  used as a function
    def __init__(self, application: Application, concurrency: int = 4) -> None:
        self.worker = JobWorker(application, concurrency=concurrency)

    async def __aenter__(self) -> JobWorker:
        await self.worker.start()
        await until(self.is_connected)
        await until(lambda: nothing_waits(self.worker))
        return self.worker

    async def __aexit__(self, *_: object) -> None:
        await self.worker.drain(2)

    async def is_connected(self) -> bool:
        return self.worker.carried is not None and self.worker.carried.source.is_connected


async def all_done(database: Database, count: int) -> bool:
    return await states(database) == ["done"] * count


async def states(database: Database) -> list[str]:
    """Of the jobs of this test; schedules run beside them."""
    return await database.begin_reading().all(STATES)


async def test_a_committed_job_is_carried_to_a_worker_that_never_polls(
    worker: JobWorker, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.unit() as uow:
        uow.enqueue(Stamp("a"))
    await until(lambda: all_done(database, 1))
    await until(lambda: nothing_waits(worker))

    looks: list[Taker] = []
    peek = Taker._peek

    async def counted(taker: Taker, desk: Database) -> None:
        looks.append(taker)
        await peek(taker, desk)

    monkeypatch.setattr(Taker, "_peek", counted)
    await asyncio.sleep(2.5)

    assert await marks(database) == ["a"]
    assert looks == []


async def nothing_waits(worker: JobWorker) -> bool:
    return not any(taker.is_due for taker in worker.takers)


async def test_a_job_for_later_is_carried_when_its_time_has_come(worker: JobWorker, database: Database) -> None:
    async with database.unit() as uow:
        uow.enqueue(Stamp("later"), delay=timedelta(milliseconds=300))
        uow.enqueue(Stamp("fails twice", fail=2))

    await until(lambda: all_done(database, 2))

    assert RAN == {"later": 1, "fails twice": 3}


async def test_the_most_urgent_goes_first_whatever_the_broker_has_in_front(application: Application, database: Database) -> None:
    async with database.unit() as uow:
        for number in range(6):
            uow.enqueue(Stamp(f"usual {number}"))
    async with database.unit() as uow:
        uow.enqueue(Stamp("urgent"), priority=5)
    poster = application.resolve(Poster)
    await until(lambda: sent(poster))

    worker = JobWorker(application, concurrency=1)
    never_looks_at_the_table(worker)
    await worker.start()
    await until(lambda: all_done(database, 7))
    await worker.drain(2)

    assert ORDER[0] == "urgent"
    assert sorted(ORDER[1:]) == [f"usual {number}" for number in range(6)]


def never_looks_at_the_table(worker: JobWorker) -> None:
    """As one that did so before and found nothing."""
    assert worker.carried is not None
    worker.carried.source._look_at = float("inf")
    for taker in worker.takers:
        taker._look_open = taker._look_alone = taker._must_peek = False
        taker._look_groups.clear()


async def sent(poster: Poster) -> bool:
    return not poster._tickets


async def test_limits_hold_over_several_workers(application: Application, worker: JobWorker, database: Database) -> None:
    async with working(application):
        async with database.unit() as uow:
            for _ in range(6):
                uow.enqueue(HoldOne())
                uow.enqueue(Hold())
        await until(lambda: all_done(database, 12))

    assert workshop.MOST_AT_ONCE["hold_one"] == 1
    assert workshop.MOST_AT_ONCE["hold"] > 1


async def test_lanes_keep_their_order(application: Application, worker: JobWorker, database: Database) -> None:
    async with working(application):
        for number in range(1, 16):
            async with database.unit() as uow:
                uow.publish(LetterPosted("a", number))
                uow.publish(LetterPosted("b", number))
        await until(lambda: all_done(database, 90))

    found = await effects(database, "deliver")
    assert [text for text in found if text.startswith("a")] == [f"a {number}" for number in range(1, 16)]
    assert [text for text in found if text.startswith("b")] == [f"b {number}" for number in range(1, 16)]


async def test_rows_whose_tickets_were_lost_are_found(
    application: Application, worker: JobWorker, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookout, "COUNT_SECONDS", 0.3)
    lost: list[Ticket] = []
    with monkeypatch.context() as crashed:
        crashed.setattr(Poster, "post", lambda poster, tickets: lost.extend(tickets))
        async with database.unit() as uow:
            for number in range(5):
                uow.enqueue(Stamp(str(number)))

    await until(lambda: all_done(database, 5))

    assert len(lost) == 5


async def test_a_second_delivery_of_a_finished_job_does_nothing(
    application: Application, worker: JobWorker, database: Database
) -> None:
    async with database.unit() as uow:
        job = uow.enqueue(Stamp("a"))
    await until(lambda: all_done(database, 1))
    carrier = application.resolve(JobCarrier)

    await carrier.send([Ticket("default", job), Ticket("default", job), Ticket("default", job)])
    async with database.unit() as uow:
        uow.enqueue(Stamp("b"))
    await until(lambda: all_done(database, 2))
    await asyncio.sleep(0.2)

    assert RAN == {"a": 1, "b": 1}
    assert await carrier.waiting("default") == 0


async def test_without_the_broker_jobs_are_taken_from_the_table_until_it_is_back(
    application: Application, worker: JobWorker, database: Database, door: Door
) -> None:
    await door.shut()
    async with database.unit() as uow:
        for number in range(5):
            uow.enqueue(Stamp(str(number)))
    await until(lambda: all_done(database, 5))

    await door.open()
    assert worker.carried is not None
    source = worker.carried.source
    async with asyncio.timeout(60):
        while not source.is_connected:
            await asyncio.sleep(0.05)
    async with database.unit() as uow:
        uow.enqueue(Stamp("again"))
    await until(lambda: all_done(database, 6))

    assert set(RAN.values()) == {1}


async def test_killed_workers_lose_no_job_and_double_none(
    application: Application, database: Database, place: Place, database_url: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "tests.integration.brokers.process", database_url, str(tmp_path)]
    command += [place.kind, place.url, place.name]
    with ExitStack() as running:

        async def started() -> "subprocess.Popen[str]":
            process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            assert process.stdout is not None
            for end in (process.stdout.close, process.wait, process.kill):
                running.callback(end)
            assert await asyncio.to_thread(process.stdout.readline) == "ready\n"
            return process

        first = await started()
        for part in range(3):
            async with database.unit() as uow:
                for number in range(20):
                    uow.enqueue(Stamp(f"{part} {number}"))
            await asyncio.sleep(0.05)
            if part == 1:
                first.kill()
                await started()
        await until(lambda: all_done(database, 60), 90)

    assert sorted(await marks(database)) == sorted(f"{part} {number}" for part in range(3) for number in range(20))
