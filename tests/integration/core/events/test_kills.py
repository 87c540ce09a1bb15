"""Many writers with open transactions, and the processes that deliver killed again and again: none lost, once each, in order."""

import asyncio
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from mainspring.core.database import Database, Statement
from mainspring.core.jobs.models import Job
from mainspring.core.security.claim_once import Claim
from tests.integration.core.events.conftest import MARKS
from tests.integration.core.events.mailroom.events import LetterPosted
from tests.integration.core.events.mailroom.subscribers import mark

ROOT = Path(__file__).parents[4]
WRITERS = 16
BOXES = 8
IN_ORDER = Statement(select(Job.payload).where(Job.name == "mailroom.deliver").order_by(Job.lane, Job.lane_seq), dict[str, Any])
DELIVERED = Statement(select(Claim.subject).where(Claim.purpose == "deliver").order_by(Claim.created_at, Claim.id), str)


class Changed(Exception):
    """Rolls a writer's unit back."""


@pytest.fixture
def processes(database_url: str, tmp_path: Path) -> Iterator[Any]:
    with ExitStack() as running:

        def start() -> "subprocess.Popen[str]":
            command = [sys.executable, "-m", "tests.integration.core.events.process", database_url, str(tmp_path)]
            process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            assert process.stdout is not None
            running.callback(process.stdout.close)
            running.callback(process.wait)
            running.callback(process.kill)
            return process

        yield start


async def ready(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    assert await asyncio.to_thread(process.stdout.readline) == "ready\n"


@pytest.mark.parametrize(("events", "kills"), [(160, 2), pytest.param(10_000, 20, marks=pytest.mark.full)])
async def test_killed_processes_lose_no_event_double_none_and_keep_the_order(
    database: Database, processes: Any, events: int, kills: int
) -> None:
    chance = random.Random(7)
    numbers = iter(range(events))
    told: list[str] = []

    async def write() -> None:
        for number in numbers:
            letter, pause = LetterPosted(f"box {number % BOXES}", number), chance.uniform(0, 0.2)
            try:
                async with database.unit() as uow:
                    uow.publish(letter)
                    if database.dialect == "postgresql":
                        await mark(uow, "told", "open")  # SQLite has one writer, who would wait for each pause
                    await asyncio.sleep(pause)
                    await mark(uow, "told", str(number))
                    if number % 10 == 9:
                        raise Changed
            except Changed:
                continue
            told.append(f"{letter.box} {number}")

    async def kill() -> None:
        for _ in range(kills):
            process = processes()
            await ready(process)
            await asyncio.sleep(chance.uniform(0.3, 1.0))
            process.kill()
        await ready(processes())

    await asyncio.gather(kill(), *(write() for _ in range(WRITERS)))
    async with asyncio.timeout(120 if kills < 5 else 900):
        while len(await database.begin_reading().all(MARKS, purpose="count")) < len(told):
            await asyncio.sleep(0.2)
        while len(await database.begin_reading().all(DELIVERED)) < len(told):
            await asyncio.sleep(0.2)

    delivered = await database.begin_reading().all(DELIVERED)
    counted = await database.begin_reading().all(MARKS, purpose="count")
    expected = [payload["data"] for payload in await database.begin_reading().all(IN_ORDER)]
    assert sorted(delivered) == sorted(told)
    assert sorted(counted) == sorted(f"{text} LetterPosted" for text in told)
    for box in range(BOXES):
        in_order = [f"{data['box']} {data['number']}" for data in expected if data["box"] == f"box {box}"]
        assert [text for text in delivered if text.startswith(f"box {box} ")] == in_order
