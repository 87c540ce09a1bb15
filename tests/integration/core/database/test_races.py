"""What may not happen when many write at once, or when a process dies in the middle."""

import asyncio
import random
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest
from sqlalchemy import select

from mainspring.core.database import Database, Statement
from tests.integration.core.database.shop import ADD, ADD_SHELF, STOCK, TAKE, Shelf, item

ROOT = Path(__file__).parents[4]
NAMES = Statement(select(Shelf.name), str)
SECONDS = 60


async def child(database: Database, *arguments: object) -> Process:
    command = [sys.executable, "-m", "tests.integration.core.database.child", database.url, *map(str, arguments)]
    return await asyncio.create_subprocess_exec(*command, stdout=PIPE, cwd=ROOT)


async def killed_while_writing(database: Database, after_lines: int) -> set[str]:
    """The names that a child told as committed before it was killed."""
    process = await child(database, "write")
    told = []
    for _ in range(after_lines):
        told.append((await asyncio.wait_for(process.stdout.readline(), SECONDS)).decode())
    process.kill()
    told += (await process.stdout.read()).decode().splitlines(keepends=True)
    await process.wait()
    return {line.strip() for line in told if line.endswith("\n")}


async def names_in(database: Database) -> set[str]:
    async with database.reading() as uow:
        return set(await uow.all(NAMES))


async def test_a_killed_process_loses_no_acknowledged_write(database: Database):
    told = await killed_while_writing(database, random.randint(1, 300))

    assert told <= await names_in(database)
    async with database.unit() as uow:  # and the next process can write at once
        await uow.one(ADD_SHELF, name="after")


@pytest.mark.slow
async def test_processes_killed_again_and_again_lose_nothing(database: Database):
    told: set[str] = set()
    for _ in range(12):
        both = await asyncio.gather(*(killed_while_writing(database, random.randint(1, 500)) for _ in range(2)))
        told |= both[0] | both[1]

    assert told <= await names_in(database)
    assert len(told) > 1000


async def test_two_processes_never_sell_more_than_there_is(database: Database):
    async with database.unit() as uow:
        made = await uow.one(ADD, **item(stock=300))

    processes = [await child(database, "take", made.id, 256) for _ in range(2)]
    told = [int((await asyncio.wait_for(process.communicate(), SECONDS))[0]) for process in processes]

    async with database.reading() as uow:
        assert await uow.value(STOCK, id=made.id) == 0
    assert sum(told) == 300


async def test_two_processes_that_write_both_get_on(database: Database):
    processes = [await child(database, "write") for _ in range(2)]
    await asyncio.gather(*(asyncio.wait_for(process.stdout.readline(), SECONDS) for process in processes))
    counts = [0, 0]

    async def count(index: int) -> None:
        while await processes[index].stdout.readline():
            counts[index] += 1

    counting = [asyncio.ensure_future(count(index)) for index in range(2)]
    await asyncio.sleep(1.5)
    for process in processes:
        process.kill()
        await process.wait()
    await asyncio.gather(*counting)

    assert min(counts) > 20


async def test_a_unit_waits_for_another_process(database: Database):
    process = await child(database, "hold", "0.4")
    assert await asyncio.wait_for(process.stdout.readline(), SECONDS) == b"holding\n"

    async with database.unit() as uow:
        await uow.one(ADD_SHELF, name="waited")

    await process.wait()
    assert await names_in(database) == {"held", "waited"}


async def test_a_lost_race_is_a_count_of_zero(database: Database):
    async with database.unit() as uow:
        made = await uow.one(ADD, **item(stock=1))

    async def take_one() -> int:
        async with database.unit() as uow:
            return await uow.run(TAKE, id=made.id, count=1)

    assert sorted(await asyncio.gather(*(take_one() for _ in range(8)))) == [0] * 7 + [1]
