"""A unit that is cancelled waits for the driver, rolls back, and leaves nothing locked (ARCHITECTURE 10 d)."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select

from mainspring.core.database import Database, DatabaseOptions, Statement
from tests.integration.core.database.shop import ADD_SHELF, Shelf

NAMES = Statement(select(Shelf.name).order_by(Shelf.name), str)


@pytest.fixture
def options() -> DatabaseOptions:
    return DatabaseOptions(synchronous="OFF", pool_max=1)  # one connection: what is not given back is missed at once


async def names(database: Database) -> list[str]:
    async with database.reading() as uow:
        return await uow.all(NAMES)


async def cancelled_after(turns: int, work: Callable[[], Awaitable[None]]) -> bool:
    """Whether the work was cancelled before it ended."""
    task = asyncio.ensure_future(work())
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return True
    return False


@pytest.mark.parametrize("turns", range(12))
async def test_a_cancelled_unit_is_whole_or_not_there(database: Database, turns: int):
    ended: list[str] = []

    async def work() -> None:
        async with database.unit() as uow:
            await uow.one(ADD_SHELF, name="one")
            await uow.one(ADD_SHELF, name="two")
            uow.after_commit(lambda: ended.append("committed"))

    was_cancelled = await cancelled_after(turns, work)

    found = await names(database)
    assert found in ([], ["one", "two"])
    assert was_cancelled or found
    assert bool(ended) == bool(found)  # what waits for the commit runs exactly when it happened
    async with database.unit() as uow:
        await uow.one(ADD_SHELF, name="three")
    assert await names(database) == sorted([*found, "three"])


async def test_a_unit_that_is_cancelled_while_it_waits_gives_up_its_place(database: Database):
    holder = database.begin_unit()
    await holder.one(ADD_SHELF, name="held")

    async def late() -> None:
        async with database.unit() as uow:
            await uow.one(ADD_SHELF, name="late")

    waiting = [asyncio.ensure_future(late()) for _ in range(3)]
    await asyncio.sleep(0.01)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await holder.commit()

    assert await names(database) == ["held"]
    async with database.unit() as uow:
        await uow.one(ADD_SHELF, name="next")


@pytest.mark.parametrize("turns", range(6))
async def test_a_cancelled_read_gives_its_connection_back(database: Database, turns: int):
    async def work() -> None:
        await names(database)

    await cancelled_after(turns, work)

    assert await names(database) == []
