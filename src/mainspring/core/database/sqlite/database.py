"""A SQLite file: one reader and one writer per process, both inline on the event loop (docs/decisions)."""

import asyncio
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ...context import Context
from ...module import BootRefused
from ...tasks import settled
from ..compiling import DialectName
from ..database import Database
from ..errors import DatabaseUnavailable
from ..figures import DatabaseFigures
from ..options import DatabaseOptions
from ..session import Session
from ..signals import Signals
from .checkpoints import Checkpoints
from .connecting import OLDEST, connect, path_of
from .sessions import ReadSession, WriteSession
from .signals import SqliteSignals
from .writer import Writer


class SqliteDatabase(Database):
    """Reads run on a `query_only` connection, writes in groups through the `Writer`."""

    dialect: DialectName = "sqlite"

    def __init__(self, url: str, options: DatabaseOptions | None = None) -> None:
        super().__init__(url, options)
        self.path = path_of(url)
        self._slow = threading.local()
        self._slow_readers: list[sqlite3.Connection] = []

    async def open(self) -> None:
        """Open the file, and make it when it is not there."""
        if sqlite3.sqlite_version_info < OLDEST:
            raise BootRefused(f"SQLite {sqlite3.sqlite_version} is too old; at least {'.'.join(map(str, OLDEST))} is needed.")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.writer = Writer(self.path, self.options)
            self.reader = connect(self.path, synchronous=self.options.synchronous, query_only=True, busy_ms=250)
        except (OSError, sqlite3.Error) as error:
            raise DatabaseUnavailable(f"The database file {self.path} cannot be opened: {error}.") from error
        self.execute_read = self.reader.execute
        self.threads = ThreadPoolExecutor(self.options.slow_readers, thread_name_prefix="mainspring-sqlite")
        self.checkpoints = Checkpoints(self.path, self.writer, self.threads, self.options.synchronous)

    async def close(self) -> None:
        """Commit what waits and close all connections."""
        await asyncio.sleep(0)  # lets a commit that is due for this turn happen
        await self.slow_queries.stop()
        await self.checkpoints.close()
        self.threads.shutdown(wait=True)
        self.writer.close()
        self.reader.close()
        for connection in self._slow_readers:
            connection.close()

    async def ping(self) -> None:
        """Read from the file."""
        try:
            self.execute_read("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.Error as error:
            raise DatabaseUnavailable from error

    async def plan_of(self, sql: str, parameters: int) -> str:
        """EXPLAIN QUERY PLAN, on a thread; every parameter is NULL, which changes no plan."""
        rows = await self.fetch_slowly(f"EXPLAIN QUERY PLAN {sql}", (None,) * parameters)
        depths: dict[int, int] = {0: -1}
        lines = []
        for id, parent, _, text in rows:
            depths[id] = depths.get(parent, -1) + 1
            lines.append(f"{'  ' * depths[id]}{text}")
        return "\n".join(lines)

    def figures(self) -> DatabaseFigures:
        """The writer."""
        return DatabaseFigures(self.writer.waiting, commits=self.writer.commits)

    def write_session(self, context: Context) -> Session:
        """A place in the queue of the writer."""
        return WriteSession(self.writer, self, context)

    def read_session(self) -> Session:
        """The reader."""
        return ReadSession(self)

    def signals(self, channel: str) -> Signals:
        """The commits of other processes, seen in the file."""
        return SqliteSignals(self)

    async def fetch_slowly(self, sql: str, arguments: tuple[Any, ...]) -> list[Any]:
        """The rows, read on a thread of its own connection."""
        return await settled(asyncio.get_running_loop().run_in_executor(self.threads, self._fetch_on_thread, sql, arguments))

    def _fetch_on_thread(self, sql: str, arguments: tuple[Any, ...]) -> list[Any]:
        connection: sqlite3.Connection | None = getattr(self._slow, "connection", None)
        if connection is None:
            connection = connect(self.path, synchronous=self.options.synchronous, query_only=True, busy_ms=1000)
            self._slow.connection = connection
            self._slow_readers.append(connection)
        return connection.execute(sql, arguments).fetchall()
