"""Copies of SQLite files: by the online backup API, under one read transaction, so that writers go on and the copy is whole."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from .manifest import Copied
from .refusals import BackupRefused

PAGES = 2000  # copied at once; between two such steps an interrupt is heard
SQLITE_MAGIC = b"SQLite format 3\0"
HEADS = "alembic_version_"
Progress = Callable[[int, int], None]


def is_database(path: Path) -> bool:
    """Whether a file is one of SQLite's."""
    with path.open("rb") as file:
        return file.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC


def copy(source: Path, target: Path, progress: Progress) -> None:
    """Copy the database of one moment. Raises BackupRefused."""
    if not source.is_file():
        raise BackupRefused(f"There is no database at {source}.")
    with closing(_reading(source)) as from_, closing(sqlite3.connect(target, isolation_level=None)) as to:
        from_.execute("BEGIN")
        from_.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the moment: later commits are not seen
        from_.backup(to, pages=PAGES, progress=lambda _, left, total: progress(total - left, total))
        to.execute("PRAGMA journal_mode=DELETE").close()  # one file, nothing beside it


def told(path: Path, part: str) -> Copied:
    """What is in a copy."""
    with closing(_reading(path)) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        )
        tables = sorted(name for (name,) in names.fetchall())
        counts = {name: int(connection.execute(f"SELECT count(*) FROM {_quoted(name)}").fetchone()[0]) for name in tables}  # noqa: S608 - quoted
        heads = {
            name.removeprefix(HEADS): str(row[0])
            for name in tables
            if name.startswith(HEADS)
            for row in connection.execute(f"SELECT version_num FROM {_quoted(name)}").fetchall()  # noqa: S608 - quoted
        }
    return Copied("sqlite", part, sqlite3.sqlite_version, heads, counts)


def damages(path: Path) -> list[str]:
    """What is wrong inside a file: broken pages and indexes, rows without the row they refer to."""
    with closing(_reading(path)) as connection:
        broken = [str(row[0]) for row in connection.execute("PRAGMA integrity_check").fetchall() if row[0] != "ok"]
        orphans = connection.execute("PRAGMA foreign_key_check").fetchmany(3)
    return broken + [f"{row[0]} has a row without the row of {row[2]} that it refers to" for row in orphans]


def has_tables(path: Path) -> bool:
    """Whether anything is in the file."""
    if not path.is_file() or not path.stat().st_size:
        return False
    with closing(_reading(path)) as connection:
        return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])


def refuse_used(path: Path) -> None:
    """Raise BackupRefused while any process has the file open. What is in its journal goes into the file."""
    if not path.is_file() or not path.stat().st_size:
        return
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0.5)) as connection:
        try:
            mode = connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0]  # needs the file for oneself alone
        except sqlite3.OperationalError:
            mode = "wal"
    if mode == "wal":
        raise BackupRefused(f"A process has {path} open. Stop every server and worker first.")


def put(copied: Path, target: Path) -> None:
    """Put a copy in the place of a database that nobody uses."""
    refuse_used(target)
    for suffix in ("-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    copied.chmod(0o600)
    copied.replace(target)


def _reading(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=10)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
