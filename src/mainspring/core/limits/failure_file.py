"""Failures that the processes of one machine count together, in `DATA_DIR/runtime.db`."""

from collections.abc import Callable, Mapping
from sqlite3 import Connection

from ..runtime import Runtime
from .ports import Look

SCHEMA = """
CREATE TABLE IF NOT EXISTS failures (key TEXT NOT NULL, at REAL NOT NULL, attempt TEXT NOT NULL, undecided INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS ix_failures_key ON failures (key, undecided, at);
CREATE INDEX IF NOT EXISTS ix_failures_at ON failures (at);
CREATE INDEX IF NOT EXISTS ix_failures_attempt ON failures (attempt);
"""


class FailureFile:
    """Failures by key, and attempts under way, which are `undecided` for at most `lease` seconds."""

    def __init__(self, runtime: Runtime, *, window: float, lease: float, now: Callable[[], float]) -> None:
        self.runtime, self.window, self.lease, self.now = runtime, window, lease, now
        runtime.declare(SCHEMA)

    def look(self, limits: Mapping[str, int]) -> Look:
        """Count the failures of each key."""
        with self.runtime.writing() as connection:
            return self._look(connection, limits)

    def begin(self, limits: Mapping[str, int], attempt: str) -> Look:
        """Count the failures, and note an attempt under way unless one too many failed already."""
        with self.runtime.writing() as connection:
            found = self._look(connection, limits)
            if found.refused is None and not found.is_full:
                connection.executemany(
                    "INSERT INTO failures (key, at, attempt, undecided) VALUES (?, ?, ?, 1)",
                    [(key, self.now(), attempt) for key in limits],
                )
        return found

    def fail(self, limits: Mapping[str, int], attempt: str) -> list[int]:
        """Note that an attempt failed; how many now did, by key."""
        with self.runtime.writing() as connection:
            connection.execute("DELETE FROM failures WHERE attempt = ?", (attempt,))
            connection.executemany(
                "INSERT INTO failures (key, at, attempt, undecided) VALUES (?, ?, ?, 0)",
                [(key, self.now(), attempt) for key in limits],
            )
            return [self._failed(connection, key) for key in limits]

    def forget(self, attempt: str) -> None:
        """Take back that an attempt is under way."""
        with self.runtime.writing() as connection:
            connection.execute("DELETE FROM failures WHERE attempt = ?", (attempt,))

    def decided(self, purpose: str) -> list[tuple[str, float, str]]:
        """Every failure of a purpose: key, seconds ago, attempt."""
        now = self.now()
        rows = self.runtime.rows("SELECT key, at, attempt FROM failures WHERE NOT undecided AND at > ?", now - self.window)
        return [(key, now - at, attempt) for key, at, attempt in rows if key.startswith(f"{purpose} ")]

    def _look(self, connection: Connection, limits: Mapping[str, int]) -> Look:
        now = self.now()
        connection.execute("DELETE FROM failures WHERE at <= ?", (now - self.window,))
        connection.execute("DELETE FROM failures WHERE undecided AND at <= ?", (now - self.lease,))
        is_full, first = False, None
        for key, limit in limits.items():
            failed = self._failed(connection, key)
            if failed >= limit:
                nth: float = connection.execute(
                    "SELECT at FROM failures WHERE key = ? AND NOT undecided ORDER BY at DESC LIMIT 1 OFFSET ?", (key, limit - 1)
                ).fetchone()[0]
                return Look(max(1.0, nth + self.window - now), True, failed)
            open_ = connection.execute("SELECT count(*) FROM failures WHERE key = ? AND undecided", (key,)).fetchone()[0]
            is_full = is_full or failed + open_ >= limit
            first = failed if first is None else first
        return Look(None, is_full, first or 0)

    def _failed(self, connection: Connection, key: str) -> int:
        found: int = connection.execute("SELECT count(*) FROM failures WHERE key = ? AND NOT undecided", (key,)).fetchone()[0]
        return found
