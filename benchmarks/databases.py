"""The databases that are measured: made once with their data, then copied afresh for every server that is started."""

import asyncio
import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit, urlunsplit

DatabaseName = Literal["postgresql", "sqlite"]
SQLITE_FILES = ("", "-wal", "-shm")


class Store(Protocol):
    """One kind of database. `seeded` is the address of the filled original."""

    name: DatabaseName
    seeded: str

    def fresh(self) -> str:
        """The address of a new copy of the original; the copy before it is dropped."""

    def names_like(self, url: str, prefix: str) -> list[str]:
        """The names of the products in that copy that begin so."""

    def audited(self, url: str) -> int:
        """How many audit rows of created products that copy holds."""

    def close(self) -> None:
        """Drop everything."""


@contextmanager
def stores(names: list[DatabaseName], folder: Path, postgresql_url: str | None) -> Iterator[list[Store]]:
    """The empty originals of both kinds, dropped at the end."""
    made: list[Store] = []
    try:
        for name in names:
            made.append(SqliteStore(folder) if name == "sqlite" else PostgresStore(postgresql_url or find_postgresql()))
        yield made
    finally:
        for store in made:
            store.close()


def find_postgresql() -> str:
    """TEST_DATABASE_URL, or the server on the standard loopback port. Raises SystemExit when there is none."""
    url = os.environ.get("TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
    try:
        asyncio.run(execute(url, "SELECT 1"))
    except OSError as problem:
        raise SystemExit(
            f"No PostgreSQL answers at {url}: {problem}. Name one with --postgresql, or measure --only sqlite."
        ) from None
    return url


class PostgresStore:
    """Databases with random names on one server; copies are made from the original as a template."""

    name: DatabaseName = "postgresql"

    def __init__(self, server: str) -> None:
        self.server = server
        self.mark = f"bench_{secrets.token_hex(4)}"
        self.copies = 0
        asyncio.run(execute(server, f"CREATE DATABASE {self.mark}"))
        self.seeded = self.address(self.mark)

    def address(self, database: str) -> str:
        return urlunsplit(urlsplit(self.server)._replace(path=f"/{database}"))

    def fresh(self) -> str:
        self.drop(f"{self.mark}_{self.copies}")
        self.copies += 1
        copy = f"{self.mark}_{self.copies}"
        asyncio.run(execute(self.server, f"CREATE DATABASE {copy} TEMPLATE {self.mark}"))
        asyncio.run(execute(self.address(copy), "VACUUM ANALYZE"))
        return self.address(copy)

    def names_like(self, url: str, prefix: str) -> list[str]:
        rows = asyncio.run(execute(url, "SELECT name FROM products WHERE name LIKE $1", f"{prefix}-%"))
        return [str(row[0]) for row in rows]

    def audited(self, url: str) -> int:
        return int(asyncio.run(execute(url, "SELECT count(*) FROM core_audit_log WHERE resource LIKE 'product%'"))[0][0])

    def drop(self, database: str) -> None:
        asyncio.run(execute(self.server, f"DROP DATABASE IF EXISTS {database} WITH (FORCE)"))

    def close(self) -> None:
        self.drop(f"{self.mark}_{self.copies}")
        self.drop(self.mark)


class SqliteStore:
    """A file, copied."""

    name: DatabaseName = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.original = folder / "seeded" / "mainspring.db"
        self.original.parent.mkdir()
        self.copy = folder / "copy" / "mainspring.db"
        self.seeded = f"sqlite:///{self.original}"

    def fresh(self) -> str:
        shutil.rmtree(self.copy.parent, ignore_errors=True)
        self.copy.parent.mkdir()
        with sqlite3.connect(self.original) as original:
            original.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(self.original, self.copy)
        return f"sqlite:///{self.copy}"

    def names_like(self, url: str, prefix: str) -> list[str]:
        with sqlite3.connect(url.removeprefix("sqlite:///")) as copy:
            return [row[0] for row in copy.execute("SELECT name FROM products WHERE name LIKE ?", (f"{prefix}-%",))]

    def audited(self, url: str) -> int:
        with sqlite3.connect(url.removeprefix("sqlite:///")) as copy:
            return int(copy.execute("SELECT count(*) FROM core_audit_log WHERE resource LIKE 'product%'").fetchone()[0])

    def close(self) -> None:
        """The folder is removed with the run."""


async def execute(url: str, sql: str, *arguments: object) -> list[Any]:
    """Run one statement on PostgreSQL."""
    import asyncpg

    connection = await asyncpg.connect(url, timeout=10)
    try:
        return list(await connection.fetch(sql, *arguments))
    finally:
        await connection.close()
