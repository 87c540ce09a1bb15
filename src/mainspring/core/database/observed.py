"""Watches the statements of a unit: a figure by the statement's name (R-195), a span (R-196), and those that are slow."""

from bisect import bisect_left
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ..context import Context
from ..observability.metrics import counter, histogram
from ..observability.metrics.instruments import BOOK
from ..observability.tracing import NOTHING, TRACING, Span
from .compiling import Compiled, DialectName
from .naming import operation_of
from .session import Deferred, Session

if TYPE_CHECKING:
    from .slow_queries import SlowQueries

BOUNDS = (0.0005, 0.002, 0.01, 0.05, 0.2, 1.0, 5.0)  # few, because there are hundreds of statements
COMMIT = "COMMIT"

SECONDS = histogram(
    "mainspring_statement_duration_seconds",
    "Time of a statement, with the wait for a connection or for the writer.",
    ("statement",),
    bounds=BOUNDS,
)
UNITS = counter("mainspring_units_total", "Units of work that wrote, by how they ended.", ("outcome",))

_committed, _rolled_back = UNITS.of("committed"), UNITS.of("rolled_back")
_commit = SECONDS.of(COMMIT).at


class ObservedSession:
    """A session that is watched. For the event loop's thread only, so that its figures need no lock."""

    __slots__ = ("_context", "_session", "_slow", "dialect")

    def __init__(self, session: Session, context: Context, slow: "SlowQueries") -> None:
        self._session, self._context, self._slow = session, context, slow
        self.dialect: DialectName = session.dialect

    @property
    def committed(self) -> bool:
        """Whether the commit has happened."""
        return self._session.committed

    @property
    def has_begun(self) -> bool:
        """Whether a statement has run."""
        return self._session.has_begun

    async def fetch(self, compiled: Compiled[Any], arguments: tuple[Any, ...]) -> Sequence[Any]:
        """The driver's rows."""
        since, count = perf_counter(), -1
        try:
            if TRACING.tracer is None:
                rows = await self._session.fetch(compiled, arguments)
            else:
                with self._span(compiled):
                    rows = await self._session.fetch(compiled, arguments)
            count = len(rows)
            return rows
        finally:
            self._ran(compiled, perf_counter() - since, count, len(arguments))

    async def execute(self, compiled: Compiled[Any], arguments: tuple[Any, ...]) -> int:
        """How many rows changed."""
        since, count = perf_counter(), -1
        try:
            with self._span(compiled):
                count = await self._session.execute(compiled, arguments)
            return count
        finally:
            self._ran(compiled, perf_counter() - since, count, len(arguments))

    async def execute_many(self, compiled: Compiled[Any], arguments: list[tuple[Any, ...]]) -> None:
        """The statement once per tuple."""
        since, count = perf_counter(), -1
        try:
            with self._span(compiled):
                await self._session.execute_many(compiled, arguments)
            count = len(arguments)
        finally:
            self._ran(compiled, perf_counter() - since, count, len(arguments[0]))

    async def fetch_many(self, compiled: Compiled[Any], arguments: list[tuple[Any, ...]]) -> Sequence[Any]:
        """The statement once per tuple, and the driver's rows of all of them."""
        since, count = perf_counter(), -1
        try:
            with self._span(compiled):
                rows = await self._session.fetch_many(compiled, arguments)
            count = len(rows)
            return rows
        finally:
            self._ran(compiled, perf_counter() - since, count, len(arguments[0]))

    async def lock(self, key: int, *, wait: bool) -> bool:
        """Hold a number until the transaction ends."""
        return await self._session.lock(key, wait=wait)

    async def commit(self, deferred: Deferred) -> None:
        """The deferred statements and COMMIT."""
        if not deferred and not self._session.has_begun:
            await self._session.commit(deferred)
            return
        since = perf_counter()
        try:
            with self._span_of(COMMIT, COMMIT):
                await self._session.commit(deferred)
        except BaseException:
            BOOK.values[(_committed if self._session.committed else _rolled_back).at] += 1.0
            raise
        seconds, values = perf_counter() - since, BOOK.values
        values[_commit] += seconds
        values[_commit + 1 + bisect_left(BOUNDS, seconds)] += 1.0
        values[_committed.at] += 1.0

    async def rollback(self) -> None:
        """ROLLBACK."""
        if self._session.has_begun:
            BOOK.values[_rolled_back.at] += 1.0
        await self._session.rollback()

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """A part that can fail alone."""
        return self._session.savepoint()

    def _span(self, compiled: Compiled[Any]) -> Span:
        return NOTHING if TRACING.tracer is None else self._span_of(compiled.name, operation_of(compiled.sql))

    def _span_of(self, name: str, operation: str) -> Span:
        """As the semantic conventions for databases say; the text and the values of a statement are not told."""
        if TRACING.tracer is None:
            return NOTHING
        told = {"db.system.name": self.dialect, "db.operation.name": operation, "db.query.summary": name}
        return TRACING.child(name, "client", told)

    def _ran(self, compiled: Compiled[Any], seconds: float, count: int, parameters: int) -> None:
        if (place := compiled.place) < 0:
            place = compiled.place = SECONDS.of(compiled.name).at
        values = BOOK.values
        values[place] += seconds
        values[place + 1 + bisect_left(BOUNDS, seconds)] += 1.0
        if seconds >= self._slow.threshold:
            self._slow.note(self._context, compiled, seconds, count, parameters)
