"""What is special about a database that is a file."""

import sqlite3
from contextlib import closing
from pathlib import Path

from ..database import Database
from ..database.sqlite.connecting import path_of
from .finding import Finding
from .machine import NETWORK, file_system


def about_file(name: str, database: Database) -> list[Finding]:
    """Where the file lies and how it is journalled. Nothing is written."""
    path = path_of(database.url)
    found = []
    kind = file_system(path)
    if kind in NETWORK:
        cure = "Move it to a disk of this machine, or use PostgreSQL: locks over a network lose writes."
        found.append(Finding(f"The database {name} lies on a network file system ({kind}).", cure))
    if path.is_file() and (mode := _journal_mode(path)) != "wal":
        cure = "Something changed it from outside; the next start of the program sets WAL again."
        found.append(Finding(f"The database {name} is in journal mode {mode}, not WAL.", cure))
    return found


def _journal_mode(path: Path) -> str:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        return str(connection.execute("PRAGMA journal_mode").fetchone()[0])
