"""The ceiling's databases, without anything that a list or a create does not need."""

import asyncio
import sqlite3
from collections import deque
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

COLUMNS = "id, name, description, category, price_amount, price_currency, stock, version, created_at, updated_at"
LIST = f"SELECT {COLUMNS} FROM products WHERE deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 21"
CREATE = f"INSERT INTO products ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $8) RETURNING {COLUMNS}"
AUDIT = """INSERT INTO core_audit_log
(id, user_id, action, resource, resource_id, changes, ip_address, user_agent, request_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""


class Storage(Protocol):
    """What the ceiling asks of a database."""

    async def products(self) -> list[Any]: ...
    async def add(self, product: tuple[Any, ...], record: tuple[Any, ...]) -> Any: ...
    async def close(self) -> None: ...


async def open_storage(url: str, connections: int) -> Storage:
    """The database behind `url`: `postgresql://...` with so many connections, or `sqlite:///file`."""
    if url.startswith("sqlite:///"):
        return SqliteStorage(url.removeprefix("sqlite:///"))
    return await PostgresStorage.open(url, connections)


class PostgresStorage:
    """asyncpg connections in a pool at its barest: nothing is reset when one comes back."""

    def __init__(self, idle: deque[Any]) -> None:
        self.idle = idle
        self.waiting: deque[asyncio.Future[Any]] = deque()
        self.loop = asyncio.get_running_loop()

    @classmethod
    async def open(cls, url: str, connections: int) -> "PostgresStorage":
        import asyncpg

        opened: deque[Any] = deque()
        for _ in range(connections):
            connection = await asyncpg.connect(url)
            opened.append((connection, *[await connection.prepare(sql) for sql in (LIST, CREATE, AUDIT)]))
        return cls(opened)

    async def products(self) -> list[Any]:
        held = self.idle.pop() if self.idle else await self.wait()
        try:
            rows: list[Any] = await held[1].fetch()
        finally:
            self.give_back(held)
        return rows

    async def add(self, product: tuple[Any, ...], record: tuple[Any, ...]) -> Any:
        held = self.idle.pop() if self.idle else await self.wait()
        try:
            await held[0].execute("BEGIN")
            row = await held[2].fetchrow(*product)
            await held[3].fetch(*record)
            await held[0].execute("COMMIT")
        finally:
            self.give_back(held)
        return row

    async def wait(self) -> Any:
        turn = self.loop.create_future()
        self.waiting.append(turn)
        return await turn

    def give_back(self, held: Any) -> None:
        if self.waiting:
            self.waiting.popleft().set_result(held)
        else:
            self.idle.append(held)

    async def close(self) -> None:
        for held in self.idle:
            await held[0].close()


class SqliteStorage:
    """One reader and one writer on the loop's thread; every create is a transaction of its own, synced to the disk."""

    def __init__(self, path: str) -> None:
        self.reader, self.writer = self.connect(path), self.connect(path)
        self.reader.execute("PRAGMA query_only = ON")

    @staticmethod
    def connect(path: str) -> sqlite3.Connection:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    async def products(self) -> list[Any]:
        return [read(row) for row in self.reader.execute(LIST).fetchall()]

    async def add(self, product: tuple[Any, ...], record: tuple[Any, ...]) -> Any:
        self.writer.execute("BEGIN IMMEDIATE")
        row = self.writer.execute(CREATE, written(product)).fetchone()
        self.writer.execute(AUDIT, written(record))
        self.writer.execute("COMMIT")
        return read(row)

    async def close(self) -> None:
        self.reader.close()
        self.writer.close()


def written(values: tuple[Any, ...]) -> list[Any]:
    """As SQLite keeps them: ids as 32 hexadecimal digits, times as text."""
    return [
        value.hex if isinstance(value, UUID) else value.isoformat() if isinstance(value, datetime) else value for value in values
    ]


def read(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """As Python knows them: the id and the two times."""
    return (UUID(row[0]), *row[1:8], datetime.fromisoformat(row[8]), datetime.fromisoformat(row[9]))
