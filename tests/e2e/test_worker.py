"""`mainspring worker` as it is used: it starts, its processes are replaced, and it ends in order (R-263, R-336)."""

import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import select

from mainspring.core.database import Database, Statement, open_database
from mainspring.core.jobs.models import Worker
from mainspring.testing.databases import environment_of_tests

PIDS = Statement(select(Worker.pid).order_by(Worker.pid), int)
PROGRAM = Path(sys.executable).with_name("mainspring")
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url) as database:
        yield database


@pytest.fixture
def worker(database_url: str, tmp_path: Path) -> Iterator[Start]:
    """Starts the command; whatever is left of it ends with the test."""
    running: list[subprocess.Popen[bytes]] = []

    def start(*options: str, **environment: str) -> "subprocess.Popen[bytes]":
        env = environment_of_tests() | {"DATABASE_URL": database_url, "DATA_DIR": str(tmp_path / "data"), "DRAIN_TIMEOUT": "10s"}
        env |= environment
        with (tmp_path / "worker.log").open("ab") as log:
            one = subprocess.Popen([PROGRAM, "worker", *options], env=env, cwd=tmp_path, stdout=log, stderr=log)
        running.append(one)
        return one

    yield start
    for one in running:
        if one.poll() is None:
            for process in [*psutil.Process(one.pid).children(recursive=True), psutil.Process(one.pid)]:
                process.kill()
        one.wait()


async def test_processes_are_replaced_and_leave_in_order(database: Database, worker: Start) -> None:
    command = worker("--processes", "2", "--concurrency", "3")
    first = await registered(database, 2)

    psutil.Process(first[0]).kill()
    second = await replaced(database, command, first[0])
    command.send_signal(signal.SIGTERM)

    assert await asyncio.to_thread(command.wait, 40) == 0
    assert first[1] in second
    assert set(await pids(database)) <= {first[0]}  # the killed one said nothing; it ran nothing either


async def test_a_service_manager_hears_when_jobs_are_run(worker: Start, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.settimeout(40)

        command = worker(NOTIFY_SOCKET=str(tmp_path / "notify"), DRAIN_DELAY="5m")

        assert await asyncio.to_thread(ear.recv, 100) == b"READY=1"
        command.send_signal(signal.SIGTERM)  # nobody asks a worker, so it waits for nobody
        assert await asyncio.to_thread(command.wait, 40) == 0


async def test_a_queue_that_does_not_exist_is_one_sentence(database: Database, worker: Start, tmp_path: Path) -> None:
    command = worker("--queues", "default,dreams")

    assert await asyncio.to_thread(command.wait, 40) == 1
    assert (tmp_path / "worker.log").read_text().splitlines()[-1].startswith("There is no queue dreams. There are default, ")


async def pids(database: Database) -> list[int]:
    return await database.begin_reading().all(PIDS)


async def registered(database: Database, count: int) -> list[int]:
    """The processes, once there are so many."""
    until = time.monotonic() + 60
    while len(found := await pids(database)) < count and time.monotonic() < until:
        await asyncio.sleep(0.05)
    assert len(found) == count
    return found


async def replaced(database: Database, command: "subprocess.Popen[bytes]", gone: int) -> list[int]:
    """The processes that live and have registered, once there are two again."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        living = {process.pid for process in psutil.Process(command.pid).children()} - {gone}
        found = sorted(living & set(await pids(database)))
        if len(found) == 2:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("nobody took the place of the killed process")
