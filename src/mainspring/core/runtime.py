"""What the processes of one machine share while they run: `DATA_DIR/runtime.db` (ARCHITECTURE 10 e).

Nothing in it must survive: it is emptied at each start and never synced to the disk, so a write costs microseconds.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import Unavailable

FILE = "runtime.db"
BUSY_MS = 250  # a writer holds the lock for microseconds; whoever holds it longer is stopped or dead


def empty(data_dir: Path) -> None:
    """Start afresh. For the supervisor, once, before any process opens the file."""
    data_dir.mkdir(parents=True, exist_ok=True)
    for suffix in ("", "-wal", "-shm"):
        (data_dir / f"{FILE}{suffix}").unlink(missing_ok=True)


class Runtime:
    """This process's connection to the shared file. Statements run inline on the event loop, so they must be short.

    All raise Unavailable when the file cannot be used.
    """

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / FILE
        self._connection: sqlite3.Connection | None = None
        self._process = self._inode = 0
        self._schemas: list[str] = []

    def declare(self, schema: str) -> None:
        """Add tables, as `CREATE ... IF NOT EXISTS` statements. Whoever keeps something here declares it when it is built."""
        self._schemas.append(schema)
        if self._connection is not None:
            self._connection.executescript(schema)

    def rows(self, sql: str, *parameters: object) -> list[Any]:
        """The rows of a query."""
        with _unavailable():
            return self._open().execute(sql, parameters).fetchall()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A short transaction that no other process can come between. Never await inside."""
        with _unavailable():
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def was_replaced(self) -> bool:
        """Whether another file took the place of the one in use, as when a server starts beside this process.

        The next use then opens the other one.
        """
        if self._connection is None:
            return False
        try:
            if self.path.stat().st_ino == self._inode:
                return False
        except OSError:  # it is being replaced at this moment: whoever makes the other one is not ready yet
            return False
        self.close()
        return True

    def close(self) -> None:
        """Close the connection; the next use opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None or self._process != os.getpid():  # a connection must not cross a fork
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, isolation_level=None, timeout=BUSY_MS / 1000)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
            for schema in self._schemas:
                connection.executescript(schema)
            self._connection, self._process, self._inode = connection, os.getpid(), self.path.stat().st_ino
        return self._connection


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as failure:
        raise Unavailable from failure
