"""Connections for migrations: one of their own, with the guards that each database needs (ARCHITECTURE 10 k)."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from typing import TypeVar

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from ..database import Database
from ..errors import DatabaseUnavailable
from ..postgresql.database import driver_url
from ..sqlite.connecting import path_of

T = TypeVar("T")
ADVISORY_LOCK = 0x6D61696E  # "main"
LONGEST_WAIT_SECONDS = 60
LOCK_TIMEOUT = "10s"
CONNECT_SECONDS = 5


class MigrationFailed(RuntimeError):
    """A migration was undone; the message says which and why."""


class Migrating(ABC):
    """A connection that migrations run on. `transaction` commits at the end or undoes everything."""

    @abstractmethod
    async def run(self, work: Callable[[Connection], T]) -> T:
        """Call the synchronous `work` with the connection."""

    @abstractmethod
    def transaction(self, connection: Connection, name: str) -> AbstractContextManager[None]:
        """One migration."""


class SqliteMigrating(Migrating):
    """Foreign keys are off, or a rebuilt table would delete the rows that refer to it; they are checked before COMMIT."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Call it here; a migration is not concurrent with anything."""
        return work(self._connection)

    @contextmanager
    def transaction(self, connection: Connection, name: str) -> Iterator[None]:
        """BEGIN IMMEDIATE, the work, `foreign_key_check`, COMMIT."""
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(3)
            if broken:
                tables = ", ".join(sorted({f"{row[0]} to {row[2]}" for row in broken}))
                raise MigrationFailed(f"{name} leaves rows without the row they refer to: {tables}.")
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")


class PostgresqlMigrating(Migrating):
    """One advisory lock keeps other processes out while migrations run."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Call it with the connection's synchronous face."""
        return await self._connection.run_sync(work)

    @contextmanager
    def transaction(self, connection: Connection, name: str) -> Iterator[None]:
        """BEGIN, the work, COMMIT; PostgreSQL undoes table changes too."""
        with connection.begin():
            yield


@asynccontextmanager
async def migrating(database: Database) -> AsyncIterator[Migrating]:
    """The connection for the database's migrations, closed afterwards."""
    opened = _sqlite(database.url) if database.dialect == "sqlite" else _postgresql(database.url)
    async with opened as connection:
        yield connection


@asynccontextmanager
async def _sqlite(url: str) -> AsyncIterator[Migrating]:
    path = path_of(url)
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        f"sqlite:///{path}", poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args={"timeout": LONGEST_WAIT_SECONDS}
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: "object", _: object) -> None:
        for pragma in ("journal_mode=WAL", "foreign_keys=OFF", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}").close()  # type: ignore[attr-defined]  # a sqlite3 connection

    with engine.connect() as connection:
        yield SqliteMigrating(connection)
    engine.dispose()


@asynccontextmanager
async def _postgresql(url: str) -> AsyncIterator[Migrating]:
    address = driver_url(url).replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(address, poolclass=NullPool, connect_args={"timeout": CONNECT_SECONDS})
    try:
        async with _reached(engine) as connection:
            await _lock(connection)
            try:
                yield PostgresqlMigrating(connection)
            finally:
                await connection.rollback()
                await connection.exec_driver_sql(f"SELECT pg_advisory_unlock({ADVISORY_LOCK})")
                await connection.commit()
    finally:
        await engine.dispose()


@asynccontextmanager
async def _reached(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection, closed afterwards. Raises DatabaseUnavailable when there is none."""
    try:
        connection = await engine.connect()
    except (OSError, SQLAlchemyError) as problem:
        reason = str(getattr(problem, "orig", None) or problem).strip().rstrip(".").partition("\n")[0]
        where = f"{engine.url.host}:{engine.url.port or 5432}"
        raise DatabaseUnavailable(f"PostgreSQL at {where} cannot be reached: {reason or type(problem).__name__}.") from problem
    try:
        yield connection
    finally:
        await connection.close()


async def _lock(connection: AsyncConnection) -> None:
    for _ in range(LONGEST_WAIT_SECONDS * 10):
        got = (await connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({ADVISORY_LOCK})")).scalar()
        if got:
            await connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
            await connection.commit()
            return
        await connection.rollback()
        await asyncio.sleep(0.1)
    raise MigrationFailed(f"Another process has been migrating for over {LONGEST_WAIT_SECONDS} seconds.")
