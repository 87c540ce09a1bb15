"""A database with the tables of core's security, and nothing else."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Table
from sqlalchemy.schema import CreateIndex, CreateTable

from mainspring.core.database import Database, DatabaseOptions, open_database
from mainspring.core.database.compiling import dialect_named
from mainspring.core.security.claim_once import Claim


def create_script(dialect: str) -> str:
    table = Claim.__table__
    assert isinstance(table, Table)
    makes = [CreateTable(table), *(CreateIndex(index) for index in sorted(table.indexes, key=lambda index: str(index.name)))]
    return ";".join(str(make.compile(dialect=dialect_named(dialect))) for make in makes)


async def create_tables(url: str) -> None:
    if url.startswith("sqlite"):
        import sqlite3

        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        connection.executescript(create_script("sqlite"))
        connection.close()
    else:
        import asyncpg

        server = await asyncpg.connect(url)
        await server.execute(create_script("postgresql"))
        await server.close()


@pytest.fixture
async def database(empty_database_url: str) -> AsyncIterator[Database]:
    await create_tables(empty_database_url)
    async with open_database(empty_database_url, DatabaseOptions(synchronous="OFF")) as database:
        yield database
