"""The trail is chained while the program runs: soon, by one process at a time, and by the next one when that is killed."""

import asyncio
import contextlib
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from mainspring.core import clock
from mainspring.core.application import Application, create_application
from mainspring.core.audit import keeper
from mainspring.core.audit.chaining import Chainer
from mainspring.core.audit.keeper import AuditKeeper
from mainspring.core.audit.models import AuditEntry
from mainspring.core.audit.seals import Seals
from mainspring.core.audit.statements import HEADS
from mainspring.core.audit.verifying import Verifier
from mainspring.core.database import Database, DatabaseUnavailable, Statement
from mainspring.core.locks import duty
from mainspring.core.observability.logs import captured_logs
from mainspring.core.settings import Settings
from mainspring.testing.databases import environment_of_tests
from tests.integration.core.audit.conftest import Note, Tamper

ROOT = Path(__file__).parents[4]
COUNTS: Statement[Any] = Statement(select(AuditEntry.resource, func.count()).group_by(AuditEntry.resource))
Start = Callable[[str], "subprocess.Popen[bytes]"]


@pytest.fixture
def process(database_url: str, tmp_path: Path) -> Iterator[Start]:
    running: list[subprocess.Popen[bytes]] = []

    def start(name: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.integration.core.audit.process", database_url, str(tmp_path), name]
        with (tmp_path / f"{name}.log").open("wb") as log:
            key = {"JWT_PRIVATE_KEY": environment_of_tests()["JWT_PRIVATE_KEY"]}
            one = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | key, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
            )
        running.append(one)
        return one

    yield start
    for one in running:
        one.kill()
        one.communicate()


@pytest.fixture
async def second(settings: Settings, application: Application) -> AsyncIterator[Application]:
    """Another process on the same database, as far as the trail can tell."""
    other = create_application(settings)
    await other.start()
    yield other
    await other.stop()


async def waiting(application: Application) -> int:
    return await Verifier(application.database, application.resolve(Seals)).waiting()


async def chained_within(application: Application, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while await waiting(application):
            await asyncio.sleep(0.01)


async def test_a_row_has_its_place_within_a_second_and_is_signed(application: Application, note: Note) -> None:
    application.resolve(AuditKeeper).start()
    await asyncio.sleep(0.1)

    for name in "abc":
        await note(name)
        await chained_within(application, 1.0)

    async with asyncio.timeout(5):
        while not (await heads(application.database))[0].signed_seq:
            await asyncio.sleep(0.01)


async def test_the_process_that_works_hears_of_rows_of_another(
    application: Application, second: Application, note: Note, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "POLL_SECONDS", 60.0)  # so that only a signal can tell
    second.resolve(AuditKeeper).start()
    application.resolve(AuditKeeper).start(works=False)
    await asyncio.sleep(1.5)  # on PostgreSQL its connection for signals is made meanwhile

    await note("a")

    await chained_within(application, 2.0)


async def test_the_next_process_goes_on_where_the_first_one_stopped(
    application: Application, second: Application, note: Note, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duty, "BEAT_SECONDS", 0.05)
    second.resolve(AuditKeeper).start()
    await asyncio.sleep(0.3)
    application.resolve(AuditKeeper).start()
    await note("a")
    await chained_within(application, 2.0)

    await second.resolve(AuditKeeper).stop()
    await note("b")

    await chained_within(application, 2.0)
    assert (await heads(application.database))[0].seq == 2


async def test_what_is_written_last_is_chained_before_the_process_ends(application: Application, note: Note) -> None:
    watching = application.resolve(AuditKeeper)
    watching.start()
    await asyncio.sleep(0.3)
    await note("a", "b")

    await watching.stop()

    assert await waiting(application) == 0
    await note("c")  # nobody listens any more, and nothing is broken by that
    assert await waiting(application) == 1


async def test_whoever_takes_over_tells_what_was_changed_meanwhile(
    application: Application, note: Note, tamper: Tamper, chainer: Chainer
) -> None:
    await note("a", "b", "c")
    await chainer.chain_all()
    await chainer.sign_due()
    letter = "chr" if application.database.dialect == "postgresql" else "char"
    await tamper(f"UPDATE core_audit_log SET action = 'X' || {letter}(27) WHERE seq = 2")  # a terminal would obey it

    with captured_logs() as lines:
        application.resolve(AuditKeeper).start()
        async with asyncio.timeout(10):
            while not (told := [line["reason"] for line in lines if line["message"] == "audit_trail_altered"]):
                await asyncio.sleep(0.01)

    assert told[0].startswith("Row 2 (X? of thing b")


async def test_a_database_that_is_away_is_tried_again(
    application: Application, note: Note, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "OUTAGE_SECONDS", (0.01, 0.02))
    failures = [DatabaseUnavailable(), DatabaseUnavailable()]
    chain = Chainer.chain

    async def failing(self: Chainer) -> int:
        if failures:
            raise failures.pop()
        return await chain(self)

    monkeypatch.setattr(Chainer, "chain", failing)
    with captured_logs() as lines:
        application.resolve(AuditKeeper).start()
        await note("a")
        await chained_within(application, 5.0)

    assert [line["message"] for line in lines if line["message"] == "audit_chain_waits"] == ["audit_chain_waits"] * 2


async def test_a_quiet_end_is_signed_when_its_time_has_come(application: Application, note: Note) -> None:
    chainer = Chainer(application.database, application.resolve(Seals), every=timedelta(seconds=0.3), rows=3)
    await note("a")
    await chainer.chain()
    assert await chainer.sign_due() == 1  # a new chain at once
    await note("b")
    await chainer.chain()
    assert await chainer.sign_due() == 0
    await note("c", "d")
    await chainer.chain()
    assert await chainer.sign_due() == 1  # after so many rows
    await note("e")
    await chainer.chain()
    await asyncio.sleep(0.3)

    assert await chainer.sign_due() == 1  # after so much time
    await asyncio.sleep(0.3)
    assert await chainer.sign_due() == 0  # nothing new
    (head,) = await heads(application.database)
    assert (head.signed_seq, head.seq) == (5, 5)
    assert head.signed_at is not None
    assert head.signed_at <= clock.now()


@pytest.mark.parametrize("kills", [4, pytest.param(40, marks=pytest.mark.full)])
async def test_killed_processes_leave_whole_links(
    application: Application, database: Database, process: Start, kills: int
) -> None:
    told: Counter[str] = Counter()
    running = {name: process(name) for name in ("p0", "p1")}
    for number in range(kills):
        await asyncio.sleep(random.uniform(0.8, 1.6))
        name = random.choice(sorted(running))
        victim = running.pop(name)
        victim.kill()
        told[name] = last_number(victim)
        next_name = f"p{number + 2}"
        running[next_name] = process(next_name)
        await asyncio.to_thread(running[next_name].stdout.readline)  # type: ignore[union-attr]  # it has a pipe
    await asyncio.sleep(1.5)
    for name, one in running.items():
        one.kill()
        told[name] = last_number(one)

    chainer = Chainer(database, application.resolve(Seals), every=timedelta(minutes=1), rows=1000)
    (before,) = await Verifier(database, application.resolve(Seals)).run()
    await chainer.chain_all()
    (after,) = await Verifier(database, application.resolve(Seals)).run()

    assert before.findings == after.findings == []
    assert before.last > 0
    assert before.checkpoints > 0
    counts = dict(await database.begin_reading().all(COUNTS))
    assert after.last == sum(counts.values())
    assert all(counts.get(name, 0) >= number for name, number in told.items())  # what was told as committed is there


async def heads(database: Database) -> Any:
    async with database.reading() as uow:
        return await uow.all(HEADS)


def last_number(process: "subprocess.Popen[bytes]") -> int:
    """The last row that the process told of as committed."""
    out, _ = process.communicate()
    with contextlib.suppress(IndexError):
        return int(out.split(b"\n")[-2])
    return 0
