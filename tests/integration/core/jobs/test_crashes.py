"""Processes that run jobs are killed and paused: every effect happens once, none is lost (R-263, R-267)."""

import asyncio
import contextlib
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mainspring.core import ids
from mainspring.core.application import Application
from mainspring.core.database import Database, Statement, bind, update_of
from mainspring.core.jobs.book import JobBook
from mainspring.core.jobs.models import Job
from mainspring.core.jobs.sweeping import Sweeper
from tests.integration.core.jobs.conftest import all_are, marks, row_of, states_are, until
from tests.integration.core.jobs.workshop.jobs import Count, Deadly

ROOT = Path(__file__).parents[4]
TAKEN_ALONG: Statement[None] = Statement(
    update_of(Job).where(Job.name == "workshop.count").values(state="running", worker=bind("worker", Job.worker))
)
NOTHING: Statement[None] = Statement(update_of(Job).where(Job.token < 0).values(token=0))
Started = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def process(database_url: str, tmp_path: Path) -> Iterator[Started]:
    """Starts worker processes on the test's database; all end with the test."""
    running: list[subprocess.Popen[bytes]] = []

    def start(pace: str = "fast", modules: str = "workshop") -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.integration.core.jobs.process", database_url, str(tmp_path), modules, pace]
        with (tmp_path / f"process-{len(running)}.log").open("wb") as log:
            one = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        running.append(one)
        return one

    yield start
    for one in running:
        with contextlib.suppress(ProcessLookupError):
            one.send_signal(signal.SIGCONT)
        one.kill()
        one.communicate()


async def pause(process: "subprocess.Popen[bytes]", database: Database) -> None:
    """Stop it while we are the one writer, so that it is not stopped with SQLite's lock in its hands."""
    async with database.unit() as uow:
        await uow.run(NOTHING)
        process.send_signal(signal.SIGSTOP)


async def ready(*processes: "subprocess.Popen[bytes]") -> None:
    """Wait until they claim jobs."""
    for one in processes:
        assert one.stdout is not None
        assert await asyncio.to_thread(one.stdout.readline) == b"ready\n"


@pytest.mark.parametrize(("jobs", "kills"), [(80, 3), pytest.param(3000, 20, marks=pytest.mark.full)])
async def test_killed_processes_lose_nothing_and_do_nothing_twice(
    application: Application, database: Database, process: Started, jobs: int, kills: int
) -> None:
    workers = [process(), process()]
    await ready(*workers)
    async with database.unit() as uow:
        for number in range(jobs):
            uow.enqueue(Count(number, 0.05))

    for _ in range(kills):
        await asyncio.sleep(random.uniform(0.1, 0.4))
        victim = workers.pop(random.randrange(2))
        victim.kill()
        workers.append(process())
        await ready(workers[-1])

    await until(lambda: all_are(database, "done"), 60 + jobs * 0.1)
    assert await marks(database, "count") == [f"{number:05}" for number in range(jobs)]


async def test_a_paused_process_cannot_write_what_it_lost(application: Application, database: Database, process: Started) -> None:
    paused = process()
    await ready(paused)
    async with database.unit() as uow:
        uow.enqueue(Count(1, 2.0))
    await until(lambda: states_are(database, ["running"]))
    await pause(paused, database)
    other = process()
    await ready(other)
    await until(lambda: states_are(database, ["done"]), 60)

    paused.send_signal(signal.SIGCONT)
    other.kill()
    async with database.unit() as uow:
        uow.enqueue(Count(2))

    await until(lambda: states_are(database, ["done", "done"]), 60)  # the paused one works again, under a new name
    assert await marks(database, "count") == ["00001", "00002"]
    assert (await row_of(database, "workshop.count"))["crashes"] == 0


async def test_a_job_that_kills_its_process_is_parked_while_others_flow(
    application: Application, database: Database, process: Started
) -> None:
    first = process()
    await ready(first)
    async with database.unit() as uow:
        uow.enqueue(Deadly())
        for number in range(10):
            uow.enqueue(Count(number, 0.1))
    await asyncio.to_thread(first.wait, 60)

    await ready(process())  # it lives on: the job now runs in a process of its own

    await until(lambda: states_are(database, ["dead", *["done"] * 10]), 120)
    row = await row_of(database, "workshop.deadly")
    assert (row["crashes"], row["failures"]) == (5, 0)
    assert row["error"].startswith("Crashed: its process ended while it ran")
    assert len(await marks(database, "count")) == 10


async def test_only_a_server_that_dies_thirty_times_with_a_job_ends_it(
    application: Application, database: Database, tmp_path: Path
) -> None:
    """From the second time on the job runs in a process of its own, so it is hardly to blame for the death of the worker."""
    async with database.unit() as uow:
        uow.enqueue(Count(1))
    sweeper = Sweeper(database, application.resolve(JobBook), tmp_path)

    ends = []
    for _ in range(30):
        async with database.unit() as uow:
            await uow.run(TAKEN_ALONG, worker=ids.new())  # a worker without a row, as a dead one leaves it
        ends += [orphan.state for orphan in await sweeper.sweep(None)]

    assert ends == [*["ready"] * 29, "dead"]
    assert (await row_of(database, "workshop.count"))["track"] == "alone"


@pytest.mark.slow
async def test_an_orphan_of_another_machine_restarts_within_thirty_seconds(
    application: Application, database: Database, process: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the real pace, and without the lock that only one machine can see: the process is paused, not dead."""
    paused = process("usual")
    await ready(paused)
    async with database.unit() as uow:
        uow.enqueue(Count(1, 3.0))
    await until(lambda: states_are(database, ["running"]))
    await pause(paused, database)
    await ready(process("usual"))

    began = asyncio.get_running_loop().time()
    await until(lambda: restarted(database), 60)

    assert asyncio.get_running_loop().time() - began < 30


async def restarted(database: Database) -> bool:
    row = await row_of(database, "workshop.count")
    return bool(row["crashes"] == 1)
