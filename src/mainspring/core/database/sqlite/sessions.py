"""The sessions of SQLite: statements run inline on the loop's thread, slow ones on a thread."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from ...context import Context
from ...observability.logs import get_logger
from ...tasks import settled
from ..compiling import Compiled, DialectName
from ..errors import UnitBroken
from ..session import Deferred, ReadOnly
from .refusals import refusal
from .writer import Group, Writer

if TYPE_CHECKING:
    from .database import SqliteDatabase

T = TypeVar("T")
LONG_SECONDS = 0.05
FAILURES = (sqlite3.Error, OverflowError)
log = get_logger(__name__)


class ReadSession(ReadOnly):
    """Autocommit reads on the process's one reader."""

    dialect: DialectName = "sqlite"

    def __init__(self, database: "SqliteDatabase") -> None:
        self._database = database
        self._execute = database.execute_read

    async def fetch(self, compiled: Compiled[Any], arguments: tuple[Any, ...]) -> Sequence[Any]:
        """The driver's rows."""
        try:
            if compiled.slow:
                return await self._database.fetch_slowly(compiled.sql, arguments)
            return self._execute(compiled.sql, arguments).fetchall()
        except FAILURES as error:
            if (told := refusal(error)) is not error:
                raise told from error
            raise


class WriteSession:
    """A unit inside the shared transaction of the process's writer."""

    dialect: DialectName = "sqlite"

    def __init__(self, writer: Writer, database: "SqliteDatabase", context: Context) -> None:
        self._writer, self._database, self._context = writer, database, context
        self._group: Group | None = None
        self._broken = False
        self._before = 0
        self._since = 0.0
        self.committed = False

    async def fetch(self, compiled: Compiled[Any], arguments: tuple[Any, ...]) -> Sequence[Any]:
        """The driver's rows."""
        if self._group is None or self._broken:
            await self._enter(compiled)
        try:
            if compiled.slow:
                return await self._on_thread(lambda: self._writer.execute(compiled.sql, arguments).fetchall())
            return self._writer.execute(compiled.sql, arguments).fetchall()
        except FAILURES as error:
            if (told := self._failed(error)) is not error:
                raise told from error
            raise

    async def execute(self, compiled: Compiled[Any], arguments: tuple[Any, ...]) -> int:
        """How many rows changed."""
        if self._group is None or self._broken:
            await self._enter(compiled)
        try:
            if compiled.slow:
                return await self._on_thread(lambda: self._run(compiled, arguments))
            return self._run(compiled, arguments)
        except FAILURES as error:
            if (told := self._failed(error)) is not error:
                raise told from error
            raise

    async def execute_many(self, compiled: Compiled[Any], arguments: list[tuple[Any, ...]]) -> None:
        """The statement once per tuple."""
        if self._group is None or self._broken:
            await self._enter(compiled)
        try:
            if compiled.returns_rows:  # executemany refuses RETURNING
                for each in arguments:
                    self._writer.execute(compiled.sql, each).fetchall()
            else:
                self._writer.connection.executemany(compiled.sql, arguments)
        except FAILURES as error:
            if (told := self._failed(error)) is not error:
                raise told from error
            raise

    async def fetch_many(self, compiled: Compiled[Any], arguments: list[tuple[Any, ...]]) -> Sequence[Any]:
        """The statement once per tuple, and the driver's rows of all of them."""
        if self._group is None or self._broken:
            await self._enter(compiled)
        try:
            return [row for each in arguments for row in self._writer.execute(compiled.sql, each).fetchall()]
        except FAILURES as error:
            if (told := self._failed(error)) is not error:
                raise told from error
            raise

    @property
    def has_begun(self) -> bool:
        """Whether a statement has run."""
        return self._group is not None

    async def lock(self, key: int, *, wait: bool) -> bool:
        """True once the unit has the writer: no other unit runs beside it."""
        if self._group is None or self._broken:
            await self._enter(None)
        return True

    async def commit(self, deferred: Deferred) -> None:
        """Write the deferred rows, leave the savepoint and wait for the commit of the group."""
        if self._group is None and not deferred:
            return
        try:
            for statement, params in deferred:
                compiled = statement.on("sqlite")
                await self.execute(compiled, compiled.arguments(params))
            if self._broken or self._group is None or self._group.lost:
                raise UnitBroken("a statement of the unit had failed, so nothing was written")
            self._writer.execute("RELEASE unit")
        except FAILURES as error:
            told = self._failed(error)
            await self.rollback()
            if told is not error:
                raise told from error
            raise
        except BaseException:
            await self.rollback()
            raise
        group = self._group
        answer = self._leave(changed=self._writer.connection.total_changes != self._before)
        if answer is not None:
            try:
                await answer
            except asyncio.CancelledError:
                self.committed = await _outcome(answer, group)
                raise
        self.committed = True

    async def rollback(self) -> None:
        """Back to the savepoint; the other units of the group keep their changes."""
        if self._group is None:
            return
        if self._group.lost is None:
            try:
                self._writer.execute("ROLLBACK TO unit")
                self._writer.execute("RELEASE unit")
            except sqlite3.Error as error:
                if not self._writer.lost(error):
                    self._leave(changed=False)
                    raise
        self._leave(changed=False)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """A savepoint inside the unit's own."""
        if self._group is None or self._broken:
            await self._enter(None)
        self._writer.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            if self._group is not None and self._group.lost is None:
                self._writer.execute("ROLLBACK TO part")
                self._writer.execute("RELEASE part")
                self._broken = False
            raise
        self._writer.execute("RELEASE part")

    async def _enter(self, compiled: Compiled[Any] | None) -> None:
        if self._broken:
            raise UnitBroken("the unit has ended, or one of its statements had failed; nothing more can run in it")
        self._group = await self._writer.enter(alone=compiled is not None and compiled.slow)
        self._before = self._writer.connection.total_changes
        self._since = monotonic()

    def _run(self, compiled: Compiled[Any], arguments: tuple[Any, ...]) -> int:
        cursor = self._writer.execute(compiled.sql, arguments)
        if compiled.returns_rows:
            return len(cursor.fetchall())
        return cursor.rowcount

    def _failed(self, error: Exception) -> Exception:
        self._broken = True
        self._writer.lost(error)
        return refusal(error)

    def _leave(self, *, changed: bool) -> "asyncio.Future[None] | None":
        held = monotonic() - self._since
        if held > LONG_SECONDS:
            log.warn("writer_held", milliseconds=round(held * 1000), method=self._context.method, path=self._context.path)
        self._group, self._broken = None, True
        return self._writer.leave(changed=changed)

    async def _on_thread(self, work: Callable[[], T]) -> T:
        return await settled(asyncio.get_running_loop().run_in_executor(self._database.threads, work))


async def _outcome(answer: "asyncio.Future[None]", group: Group | None) -> bool:
    """Whether the group's commit succeeded, for a unit that was cancelled while it waited."""
    if answer.cancelled() and group is not None:
        if group.ended:
            return group.lost is None
        answer = asyncio.get_running_loop().create_future()
        group.answers.append(answer)
    try:
        await settled(answer)
    except Exception:
        return False
    return True
