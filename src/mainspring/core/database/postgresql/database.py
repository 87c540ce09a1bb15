"""A PostgreSQL database: one pool a process, READ COMMITTED, timeouts on the server's side (ARCHITECTURE 10 b)."""

from typing import Any
from urllib.parse import urlsplit

import asyncpg

from ...context import Context
from ...module import BootRefused
from ..compiling import DialectName
from ..database import Database
from ..errors import DatabaseUnavailable
from ..figures import DatabaseFigures
from ..options import DatabaseOptions
from ..session import Session
from ..signals import Signals
from .connecting import connected
from .pool import Pool
from .refusals import FAILURES
from .sessions import ReadSession, WriteSession
from .signals import PostgresqlSignals
from .wire import Wire

OLDEST = 15


class PostgresqlDatabase(Database):
    """Reads and writes share the pool."""

    dialect: DialectName = "postgresql"

    def __init__(self, url: str, options: DatabaseOptions | None = None) -> None:
        super().__init__(url, options)
        self.dsn = driver_url(url)
        self.pool = Pool(
            self._connect,
            most=self.options.pool_max,
            least=self.options.pool_min,
            idle_seconds=self.options.idle_seconds,
            acquire_timeout=self.options.acquire_timeout,
        )

    async def open(self) -> None:
        """Connect once, so that a wrong address is told at the start (R-212)."""
        try:
            wire = await self.pool.open()
        except DatabaseUnavailable as error:
            where = urlsplit(self.dsn)
            reason = error.__cause__ or error
            raise DatabaseUnavailable(
                f"PostgreSQL at {where.hostname}:{where.port or 5432} cannot be reached: {reason}."
            ) from error
        version = wire.connection.get_server_version()
        if version.major < OLDEST:
            await self.pool.close()
            raise BootRefused(f"PostgreSQL {version.major} is too old; at least {OLDEST} is needed.")
        self.pool.release(wire)
        self.pool.start()

    async def close(self) -> None:
        """Close the pool."""
        await self.slow_queries.stop()
        await self.pool.close()

    async def ping(self) -> None:
        """`SELECT 1` on a connection of the pool."""
        wire = await self.pool.acquire()
        try:
            await wire.fetch("SELECT 1", ())
        except FAILURES as error:
            raise DatabaseUnavailable from error
        finally:
            self.pool.release(wire)

    async def plan_of(self, sql: str, parameters: int) -> str:
        """EXPLAIN of the generic plan, on a connection of its own; every parameter is NULL and takes no part in it."""
        connection = await connected(self._connection)
        try:
            await connection.execute("SET plan_cache_mode = force_generic_plan")
            await connection.execute(f"PREPARE asked AS {sql}")
            values = f"({', '.join(['NULL'] * parameters)})" if parameters else ""
            rows = await connection.fetch(f"EXPLAIN EXECUTE asked{values}")
        finally:
            connection.terminate()
        return "\n".join(row[0] for row in rows)

    def figures(self) -> DatabaseFigures:
        """The pool."""
        return self.pool.figures()

    def write_session(self, context: Context) -> Session:
        """A transaction of its own."""
        return WriteSession(self.pool)

    def read_session(self) -> Session:
        """Autocommit reads."""
        return ReadSession(self.pool)

    def signals(self, channel: str) -> Signals:
        """LISTEN and NOTIFY on a connection beside the pool."""
        return PostgresqlSignals(self._connection, channel)

    async def _connect(self) -> Wire:
        try:
            connection = await connected(self._connection)
        except (TimeoutError, *FAILURES) as error:
            raise DatabaseUnavailable from error
        try:
            return await Wire(connection).prepare()
        except BaseException:
            connection.terminate()
            raise

    async def _connection(self) -> "asyncpg.Connection[Any]":
        options = self.options
        connection: asyncpg.Connection[Any] = await asyncpg.connect(
            self.dsn,
            timeout=options.connect_timeout,
            statement_cache_size=0,
            server_settings={
                "application_name": options.application_name,
                "statement_timeout": milliseconds(options.statement_timeout),
                "lock_timeout": milliseconds(options.lock_timeout),
                "idle_in_transaction_session_timeout": milliseconds(options.idle_in_transaction_timeout),
                "timezone": "UTC",
                "datestyle": "ISO",
                "jit": "off",
                **dict(options.server_settings),
            },
        )
        return connection


def milliseconds(seconds: float) -> str:
    """Seconds as PostgreSQL's settings want them."""
    return str(int(seconds * 1000))


def driver_url(url: str) -> str:
    """The URL without SQLAlchemy's driver name."""
    scheme, separator, rest = url.partition("://")
    return f"postgresql{separator}{rest}" if scheme.startswith("postgres") else url
