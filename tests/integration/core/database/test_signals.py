"""Processes on one database wake each other, also after the connection was lost (R-263)."""

import asyncio

import asyncpg

from mainspring.core.database import Database, open_database
from mainspring.core.database.signals import EVERYTHING
from tests.integration.core.database.shop import ADD_SHELF


async def heard_within(heard: list[frozenset[str]], wanted: frozenset[str], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not any(wanted <= words or words == EVERYTHING for words in heard):
            await asyncio.sleep(0.01)


async def test_what_one_process_tells_is_heard_in_another(database: Database) -> None:
    async with open_database(database.url) as other:
        telling, hearing = database.signals("test_signals"), other.signals("test_signals")
        heard: list[frozenset[str]] = []
        hearing.listen(heard.append)
        if other.dialect == "postgresql":
            await heard_within(heard, EVERYTHING)  # it is connected
        heard.clear()

        async with database.unit() as uow:
            uow.after_commit(lambda: telling.tell(["bread", "butter"]))
            await uow.one(ADD_SHELF, name="one")

        await heard_within(heard, frozenset(["bread", "butter"]))
        await telling.stop()
        await hearing.stop()


async def test_a_lost_connection_is_made_anew_and_everything_is_looked_at(database: Database) -> None:
    async with open_database(database.url) as other:
        hearing = other.signals("test_signals")
        heard: list[frozenset[str]] = []
        hearing.listen(heard.append)
        if other.dialect == "postgresql":
            await heard_within(heard, EVERYTHING)
            heard.clear()
            await cut_off(database.url)
        else:
            async with database.unit() as uow:
                await uow.one(ADD_SHELF, name="one")

        await heard_within(heard, EVERYTHING)
        await hearing.stop()


async def cut_off(url: str) -> None:
    """End every connection that listens."""
    connection = await asyncpg.connect(url)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND query LIKE 'LISTEN%' AND pid <> pg_backend_pid()"
    )
    await connection.close()
