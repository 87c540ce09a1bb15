"""Connections to the SQLite file, with the settings that its durability and speed rest on."""

import sqlite3
from pathlib import Path

OLDEST = (3, 40, 0)
OPENING_SECONDS = 10.0  # the first process turns the file into WAL mode alone


def connect(path: Path, *, synchronous: str, query_only: bool = False, busy_ms: int = 0) -> sqlite3.Connection:
    """A connection in autocommit mode: transactions begin and end only where we say so. Raises sqlite3.Error.

    Checkpoints are made by `Checkpoints`, on a thread, so the automatic ones are off. `busy_ms` is short, because the wait
    would stop the event loop; processes queue on a file lock instead.
    """
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=1000, timeout=OPENING_SECONDS
    )
    for pragma in (
        "journal_mode=WAL",
        f"synchronous={synchronous}",
        "foreign_keys=ON",
        "wal_autocheckpoint=0",
        "temp_store=MEMORY",
        "cache_size=-8000",
        f"query_only={'ON' if query_only else 'OFF'}",
        f"busy_timeout={busy_ms}",
    ):
        connection.execute(f"PRAGMA {pragma}").close()
    return connection


def path_of(url: str) -> Path:
    """The file of a `sqlite:///path` URL. Raises ValueError for a database in memory: two connections would not share it."""
    path = url.partition("://")[2].removeprefix("/").partition("?")[0]
    if not path or path == ":memory:":
        raise ValueError("DATABASE_URL must name a file: sqlite:///path/to/mainspring.db")
    return Path(path)
