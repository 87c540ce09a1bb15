"""A trail to play with, and another hand that changes it behind the program's back."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from mainspring.core import ids
from mainspring.core.application import Application
from mainspring.core.audit import AuditRecord
from mainspring.core.audit.chaining import Chainer
from mainspring.core.audit.seals import Seals
from mainspring.core.audit.verifying import Verifier
from mainspring.core.context import Context
from mainspring.core.database import Database
from mainspring.core.database.sqlite.database import SqliteDatabase

Note = Callable[..., Awaitable[None]]
Tamper = Callable[..., Awaitable[None]]
FROM_A_BROWSER = Context(request_id="request-1", address="192.0.2.7", user_agent="tests/1")


@pytest.fixture
def chainer(application: Application) -> Chainer:
    return Chainer(application.database, application.resolve(Seals), every=timedelta(minutes=1), rows=1000)


@pytest.fixture
def verifier(application: Application) -> Verifier:
    return Verifier(application.database, application.resolve(Seals))


@pytest.fixture
def note(database: Database) -> Note:
    """Leaves a row for each name; every column is set."""

    async def deed(*names: str, tenant: UUID | None = None) -> None:
        async with database.unit(FROM_A_BROWSER) as uow:
            for name in names:
                changes = {"name": name, "size": 1, "share": 4.5}
                uow.audit(AuditRecord("CREATE", "thing", name, changes, user_id=ids.new(), tenant=tenant))

    return deed


@pytest.fixture
def tamper(database: Database) -> Tamper:
    """Runs SQL on a connection that the program knows nothing of. `?` stands for a value."""

    async def deed(sql: str, *values: object) -> None:
        await asyncio.sleep(0.01)  # a unit that changed nothing leaves its transaction to the next turn of the loop
        if isinstance(database, SqliteDatabase):
            connection = sqlite3.connect(database.path, isolation_level=None, timeout=10)
            try:
                connection.execute(sql, values)
            finally:
                connection.close()
            return
        wire = await database.pool.acquire()  # type: ignore[attr-defined]  # the other kind of database
        try:
            for number in range(1, len(values) + 1):
                sql = sql.replace("?", f"${number}", 1)
            await wire.connection.execute(sql, *values)
        finally:
            database.pool.release(wire)  # type: ignore[attr-defined]

    return deed
