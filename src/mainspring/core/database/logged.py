"""Writes every statement with its duration to the log, for development (R-331)."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from time import perf_counter
from typing import Any

from ..observability.logs import get_logger
from .compiling import Compiled, DialectName
from .session import Deferred, Session

log = get_logger("sql")


class LoggedSession:
    """A session that tells what it runs. Parameters are never told, only how many rows came."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.dialect: DialectName = session.dialect

    @property
    def committed(self) -> bool:
        """Whether the commit has happened."""
        return self._session.committed

    async def fetch(self, compiled: Compiled[Any], arguments: tuple[Any, ...]) -> Sequence[Any]:
        """The driver's rows."""
        since = perf_counter()
        rows = await self._session.fetch(compiled, arguments)
        _told(compiled.sql, since, len(rows))
        return rows

    async def execute(self, compiled: Compiled[Any], arguments: tuple[Any, ...]) -> int:
        """How many rows changed."""
        since = perf_counter()
        count = await self._session.execute(compiled, arguments)
        _told(compiled.sql, since, count)
        return count

    async def execute_many(self, compiled: Compiled[Any], arguments: list[tuple[Any, ...]]) -> None:
        """The statement once per tuple."""
        since = perf_counter()
        await self._session.execute_many(compiled, arguments)
        _told(compiled.sql, since, len(arguments))

    @property
    def has_begun(self) -> bool:
        """Whether a statement has run."""
        return self._session.has_begun

    async def fetch_many(self, compiled: Compiled[Any], arguments: list[tuple[Any, ...]]) -> Sequence[Any]:
        """The statement once per tuple, and the driver's rows of all of them."""
        since = perf_counter()
        rows = await self._session.fetch_many(compiled, arguments)
        _told(compiled.sql, since, len(rows))
        return rows

    async def lock(self, key: int, *, wait: bool) -> bool:
        """Hold a number until the transaction ends."""
        return await self._session.lock(key, wait=wait)

    async def commit(self, deferred: Deferred) -> None:
        """The deferred statements and COMMIT."""
        since = perf_counter()
        await self._session.commit(deferred)
        for statement, _ in deferred:
            _told(statement.on(self.dialect).sql, since, 1)
        _told("COMMIT", since, 0)

    async def rollback(self) -> None:
        """ROLLBACK."""
        since = perf_counter()
        await self._session.rollback()
        _told("ROLLBACK", since, 0)

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """A part that can fail alone."""
        return self._session.savepoint()


def _told(sql: str, since: float, rows: int) -> None:
    log.info("statement", sql=" ".join(sql.split()), milliseconds=round((perf_counter() - since) * 1000, 3), rows=rows)
