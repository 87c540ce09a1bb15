"""The sessions of PostgreSQL: reads are single autocommit statements, a write unit keeps one connection."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from ...observability.logs import get_logger
from ...tasks import to_the_end
from ..compiling import Compiled, DialectName
from ..errors import RunAgain, UnitBroken
from ..session import Deferred, ReadOnly
from .pool import Pool
from .refusals import FAILURES, refusal
from .wire import Wire

log = get_logger(__name__)
STALE = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)
ALONE_SECONDS = 2.0
LOCK = "SELECT pg_advisory_xact_lock($1::bigint)"
TRY_LOCK = "SELECT pg_try_advisory_xact_lock($1::bigint)"


class ReadSession(ReadOnly):
    """Autocommit reads; each takes a connection only for its own time."""

    dialect: DialectName = "postgresql"

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def fetch(self, compiled: Compiled[Any], arguments: tuple[Any, ...]) -> Sequence[Any]:
        """The driver's rows."""
        if compiled.writes:
            raise RuntimeError("a read unit changes nothing; take a write unit")
        try:
            wire = self._pool.acquire_now() or await self._pool.acquire()
            try:
                return await wire.fetch(compiled.sql, arguments)
            except STALE:
                wire.forget(compiled.sql)
                return await wire.fetch(compiled.sql, arguments)
            finally:
                self._pool.release(wire)
        except FAILURES as error:
            if (told := refusal(error)) is not error:
                raise told from error
            raise


class WriteSession:
    """A transaction on one connection. BEGIN travels with the first statement, deferred rows with COMMIT."""

    dialect: DialectName = "postgresql"

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._wire: Wire | None = None
        self._begun = False
        self._broken = False
        self.committed = False

    async def fetch(self, compiled: Compiled[Any], arguments: tuple[Any, ...]) -> Sequence[Any]:
        """The driver's rows."""
        try:
            wire = self._ready() or await self._take()
            begin, self._begun = not self._begun, True
            return await wire.fetch(compiled.sql, arguments, begin=begin)
        except BaseException as error:
            if (told := self._failed(error, compiled)) is not error:
                raise told from error
            raise

    async def execute(self, compiled: Compiled[Any], arguments: tuple[Any, ...]) -> int:
        """How many rows changed."""
        try:
            wire = self._ready() or await self._take()
            begin, self._begun = not self._begun, True
            return await wire.execute(compiled.sql, arguments, begin=begin)
        except BaseException as error:
            if (told := self._failed(error, compiled)) is not error:
                raise told from error
            raise

    async def execute_many(self, compiled: Compiled[Any], arguments: list[tuple[Any, ...]]) -> None:
        """The statement once per tuple."""
        try:
            wire = self._ready() or await self._take()
            begin, self._begun = not self._begun, True
            await wire.execute_many(compiled.sql, arguments, begin=begin)
        except BaseException as error:
            if (told := self._failed(error, compiled)) is not error:
                raise told from error
            raise

    async def fetch_many(self, compiled: Compiled[Any], arguments: list[tuple[Any, ...]]) -> Sequence[Any]:
        """The statement once per tuple, and the driver's rows of all of them."""
        try:
            wire = self._ready() or await self._take()
            begin, self._begun = not self._begun, True
            return await wire.fetch_many(compiled.sql, arguments, begin=begin)
        except BaseException as error:
            if (told := self._failed(error, compiled)) is not error:
                raise told from error
            raise

    @property
    def has_begun(self) -> bool:
        """Whether a statement has run."""
        return self._wire is not None

    async def lock(self, key: int, *, wait: bool) -> bool:
        """An advisory lock of the transaction."""
        try:
            wire = self._ready() or await self._take()
            begin, self._begun = not self._begun, True
            rows = await wire.fetch(LOCK if wait else TRY_LOCK, (key,), begin=begin)
        except BaseException as error:
            if (told := self._failed(error, None)) is not error:
                raise told from error
            raise
        return wait or bool(rows[0][0])

    async def commit(self, deferred: Deferred) -> None:
        """The deferred rows and COMMIT in one round trip; a cancelled unit waits for the answer."""
        if self._wire is None and not deferred:
            return
        try:
            if self._broken:
                raise UnitBroken("a statement of the unit had failed, so nothing was written")
            ahead = [(compiled.sql, compiled.arguments(params)) for compiled, params in self._compiled(deferred)]
            wire = self._wire or await self._take()
            begin, self._begun = not self._begun, True
            await to_the_end(self._commit(wire, ahead, begin=begin))
        except BaseException as error:
            if self.committed:
                self._release()
                raise
            await self.rollback()
            if (told := self._failed(error, None)) is not error:
                raise told from error
            raise
        self._release()

    async def rollback(self) -> None:
        """ROLLBACK, whether or not the caller is cancelled; a connection that does not answer is closed."""
        wire = self._wire
        if wire is None:
            return
        try:
            if self._begun and not wire.connection.is_closed():
                await to_the_end(_roll_back(wire))
        finally:
            self._release()

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """A savepoint of the transaction."""
        await self._word("SAVEPOINT part")
        try:
            yield
        except BaseException:
            if self._wire is not None and not self._wire.connection.is_closed():
                self._broken = False
                await self._word("ROLLBACK TO SAVEPOINT part")
            raise
        await self._word("RELEASE SAVEPOINT part")

    async def _word(self, sql: str) -> None:
        try:
            wire = self._ready() or await self._take()
            begin, self._begun = not self._begun, True
            await wire.execute(sql, (), begin=begin)
        except BaseException as error:
            if (told := self._failed(error, None)) is not error:
                raise told from error
            raise

    async def _commit(self, wire: Wire, ahead: Sequence[tuple[str, tuple[Any, ...]]], *, begin: bool) -> None:
        await wire.commit(ahead, begin=begin)
        self.committed = True

    def _ready(self) -> Wire | None:
        if self._broken:
            raise UnitBroken("the unit has ended, or one of its statements had failed; nothing more can run in it")
        return self._wire

    async def _take(self) -> Wire:
        self._wire = self._pool.acquire_now() or await self._pool.acquire()
        return self._wire

    def _failed(self, error: BaseException, compiled: Compiled[Any] | None) -> BaseException:
        self._broken = True
        if isinstance(error, STALE) and compiled is not None and self._wire is not None:
            self._wire.forget(compiled.sql)
            return RunAgain()
        return refusal(error)

    def _release(self) -> None:
        wire, self._wire, self._broken = self._wire, None, True
        if wire is not None:
            self._pool.release(wire)

    def _compiled(self, deferred: Deferred) -> list[Any]:
        return [(statement.on("postgresql"), params) for statement, params in deferred]


async def _roll_back(wire: Wire) -> None:
    try:
        async with asyncio.timeout(ALONE_SECONDS):
            await wire.rollback()
    except FAILURES as error:
        log.warn("rollback_failed", reason=type(error).__name__)
        wire.connection.terminate()
