"""A database with the shop's tables, and nothing else."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.schema import CreateIndex, CreateTable

from mainspring.core.database import Database, DatabaseOptions, open_database
from mainspring.core.database.compiling import dialect_named
from tests.integration.core.database.shop import TABLES


def create_script(dialect: str) -> list[str]:
    compiled = dialect_named(dialect)
    return [
        str(make.compile(dialect=compiled))
        for table in TABLES
        for make in (CreateTable(table), *(CreateIndex(index) for index in sorted(table.indexes, key=lambda index: index.name)))
    ]


async def create_tables(url: str) -> None:
    if url.startswith("sqlite"):
        import sqlite3

        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        connection.executescript(";".join(create_script("sqlite")))
        connection.close()
    else:
        import asyncpg

        server = await asyncpg.connect(url)
        await server.execute(";".join(create_script("postgresql")))
        await server.close()


@pytest.fixture
def options() -> DatabaseOptions:
    return DatabaseOptions(synchronous="OFF")


@pytest.fixture
async def database(empty_database_url: str, options: DatabaseOptions) -> AsyncIterator[Database]:
    await create_tables(empty_database_url)
    async with open_database(empty_database_url, options) as database:
        yield database
