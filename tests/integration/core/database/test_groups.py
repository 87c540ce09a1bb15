"""Group commit on SQLite: units share a transaction, and share its fate (ARCHITECTURE 10 a)."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, Integer, MetaData, Table, UniqueConstraint, select

from mainspring.core.database import Database, DatabaseOptions, DatabaseUnavailable, DuplicateValue, Statement, open_database
from mainspring.core.database.boot_check import complaints
from mainspring.core.database.sqlite.database import SqliteDatabase
from tests.integration.core.database.conftest import create_tables
from tests.integration.core.database.shop import ADD, ADD_SHELF, CHEAPEST, PUT, Shelf, item

NAMES = Statement(select(Shelf.name).order_by(Shelf.name), str)


@pytest.fixture
async def lite(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    await create_tables(url)
    async with open_database(url, DatabaseOptions(synchronous="OFF", acquire_timeout=0.3)) as database:
        assert isinstance(database, SqliteDatabase)
        yield database


async def add(database: Database, name: str) -> None:
    async with database.unit() as uow:
        await uow.one(ADD_SHELF, name=name)


async def names(database: Database) -> list[str]:
    async with database.reading() as uow:
        return await uow.all(NAMES)


async def test_units_of_one_turn_share_a_commit(lite: SqliteDatabase):
    before = lite.writer.commits

    await asyncio.gather(*(add(lite, f"shelf {number:02}") for number in range(30)))

    assert len(await names(lite)) == 30
    assert lite.writer.commits - before <= 2


async def test_a_refused_unit_leaves_the_others_of_its_group(lite: SqliteDatabase):
    told = await asyncio.gather(*(add(lite, name) for name in ("a", "b", "a", "c")), return_exceptions=True)

    assert [type(one) for one in told] == [type(None), type(None), DuplicateValue, type(None)]
    assert await names(lite) == ["a", "b", "c"]


class Failing:
    """A connection whose next COMMIT fails as on a full disk."""

    def __init__(self, lite: SqliteDatabase) -> None:
        self._execute, self._writer = lite.writer.execute, lite.writer
        lite.writer.execute = self  # type: ignore[assignment]

    def __call__(self, sql: str, *arguments: object) -> sqlite3.Cursor:
        if sql == "COMMIT":
            self._writer.execute = self._execute
            raise sqlite3.OperationalError("database or disk is full")
        return self._execute(sql, *arguments)


async def test_a_failed_commit_is_told_to_every_unit_of_the_group(lite: SqliteDatabase):
    Failing(lite)

    told = await asyncio.gather(*(add(lite, f"shelf {number}") for number in range(5)), return_exceptions=True)

    assert {type(one) for one in told} == {DatabaseUnavailable}
    assert len({id(one) for one in told}) == 5
    assert await names(lite) == []
    await add(lite, "after")
    assert await names(lite) == ["after"]


async def test_when_the_shared_transaction_is_lost_everyone_in_it_is_told(lite: SqliteDatabase):
    first = lite.begin_unit()
    await first.one(ADD_SHELF, name="first")
    waiting = asyncio.ensure_future(first.commit())
    await asyncio.sleep(0)
    second = lite.begin_unit()
    await second.one(ADD_SHELF, name="second")

    lite.writer.execute("ROLLBACK")  # as SQLite itself does when the disk is full
    with pytest.raises(Exception, match=r"no such savepoint|busy"):
        await second.commit()
    with pytest.raises(DatabaseUnavailable):
        await waiting

    await add(lite, "after")
    assert await names(lite) == ["after"]


async def test_a_unit_that_only_reads_waits_for_no_commit(lite: SqliteDatabase):
    before = lite.writer.commits
    async with lite.unit() as uow:
        assert await uow.all(NAMES) == []

        assert lite.writer.commits == before


async def test_who_waits_too_long_for_the_writer_is_told(lite: SqliteDatabase):
    holder = lite.begin_unit()
    await holder.one(ADD_SHELF, name="held")

    with pytest.raises(DatabaseUnavailable):
        await add(lite, "late")

    await holder.commit()
    assert await names(lite) == ["held"]


async def test_a_program_that_does_not_queue_is_waited_for(lite: SqliteDatabase):
    other = sqlite3.connect(lite.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.ensure_future(add(lite, "waited"))
    await asyncio.sleep(0.05)
    other.execute("ROLLBACK")
    await waiting

    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseUnavailable):
        await add(lite, "late")
    other.close()
    assert await names(lite) == ["waited"]


async def test_a_slow_statement_lets_the_loop_go_on(lite: SqliteDatabase):
    slow = Statement(CHEAPEST.sql, CHEAPEST.row, slow=True)
    adding = Statement(PUT.sql, slow=True)
    async with lite.unit() as uow:
        await uow.run(adding, **item())
    async with lite.reading() as uow:
        assert len(await uow.all(slow, low=0, limit=5)) == 1


async def test_the_log_is_moved_into_the_file(lite: SqliteDatabase):
    lite.checkpoints._at = 0.0

    async with lite.unit() as uow:
        await uow.run_many(ADD, [item(f"thing {number}") for number in range(50)])
    await asyncio.wait([lite.checkpoints._running])

    assert lite.checkpoints.count == 1


def test_tables_that_would_undo_the_work_of_others_are_refused():
    metadata = MetaData()
    parent = Table("parents", metadata, Column("id", Integer, primary_key=True))
    bad = Table(
        "children",
        metadata,
        Column("id", Integer, primary_key=True, default=1),
        Column("parent_id", ForeignKey("parents.id", deferrable=True, initially="DEFERRED", name="fk_parent")),
        Column("at", DateTime(timezone=True)),
        UniqueConstraint("at", sqlite_on_conflict="ROLLBACK", name="uq_at"),
        CheckConstraint("id > 0", name="id"),
    )

    told = "\n".join(complaints([parent, bad]))

    for part in ("children.id has a default", "fk_parent is DEFERRABLE", "children.at is a DateTime", "uq_at has ON CONFLICT"):
        assert part in told
    assert list(complaints([parent])) == []
