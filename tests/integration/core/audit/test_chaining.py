"""Committed rows of the trail get their places and hashes, once, in one line, whoever else is at work (ARCHITECTURE 10 m)."""

import asyncio
import hashlib
from datetime import timedelta

import orjson
from sqlalchemy import select

from mainspring.core import ids
from mainspring.core.application import Application
from mainspring.core.audit import AuditRecord
from mainspring.core.audit.canonical import STORED, StoredRow, canonical
from mainspring.core.audit.chaining import BATCH, Chainer
from mainspring.core.audit.models import AuditEntry
from mainspring.core.audit.seals import Seals
from mainspring.core.audit.statements import HEADS, OF_NOBODY
from mainspring.core.database import Database, Statement
from tests.integration.core.audit.conftest import Note

CHAINED = Statement(STORED.where(AuditEntry.seq.is_not(None)).order_by(AuditEntry.seq), StoredRow)
SEQS: Statement[int] = Statement(select(AuditEntry.seq).order_by(AuditEntry.seq), int)


def chainer_of(application: Application) -> Chainer:
    return Chainer(application.database, application.resolve(Seals), every=timedelta(minutes=1), rows=1000)


async def chained(database: Database) -> list[StoredRow]:
    async with database.reading() as uow:
        return await uow.all(CHAINED)


async def test_each_row_is_tied_to_the_one_before(database: Database, chainer: Chainer, note: Note) -> None:
    await note("a", "b")
    assert await chainer.chain_all() == 2
    await note("c")
    assert await chainer.chain_all() == 1
    assert await chainer.chain_all() == 0

    rows = await chained(database)

    assert [row.seq for row in rows] == [1, 2, 3]
    previous = "0" * 64
    for row in rows:
        text = canonical(row, row.seq, database.dialect)
        previous = hashlib.sha256(previous.encode() + text).hexdigest()
        assert row.hash.hex() == previous
    async with database.reading() as uow:
        (head,) = await uow.all(HEADS)
    assert (head.id, head.seq, head.hash.hex()) == (OF_NOBODY, 3, previous)


async def test_a_row_that_commits_late_is_not_passed_over(application: Application, chainer: Chainer, note: Note) -> None:
    database = application.database
    late = database.begin_unit()
    late.audit(AuditRecord("CREATE", "thing", "late"))
    if database.dialect == "postgresql":  # SQLite's one writer would keep the others waiting
        await late.lock("a statement begins the transaction")
    await note("soon")
    assert await chainer.chain_all() == 1

    await late.commit()

    assert await chainer.chain_all() == 1
    names = [orjson.loads(canonical(row, row.seq, database.dialect))["resourceId"] for row in await chained(database)]
    assert names == ["soon", "late"]


async def test_an_id_that_is_older_than_the_chain_still_gets_its_place(database: Database, chainer: Chainer, note: Note) -> None:
    old = ids.new()
    await note("a")
    await chainer.chain_all()
    async with database.unit() as uow:
        uow.before_commit(AuditRecord.STATEMENT, id=old, **AuditRecord("CREATE", "thing", "b").row(uow.context))

    assert await chainer.chain_all() == 1


async def test_every_tenant_has_a_chain_of_its_own(database: Database, chainer: Chainer, note: Note) -> None:
    first, second = ids.new(), ids.new()
    await note("a", "b")
    await note("c", tenant=first)
    await note("d", "e", "f", tenant=second)

    assert await chainer.chain_all() == 6

    async with database.reading() as uow:
        heads = {head.id: head.seq for head in await uow.all(HEADS)}
    assert heads == {OF_NOBODY: 2, first: 1, second: 3}


async def test_many_at_once_make_one_line(application: Application, database: Database, note: Note) -> None:
    for _ in range(3):
        await note(*(str(number) for number in range(BATCH // 2)))
    chainers = [chainer_of(application) for _ in range(4)]

    async def until_done(one: Chainer) -> None:
        for _ in range(8):
            await one.chain()

    await asyncio.gather(*(until_done(one) for one in chainers), *(note(f"n{number}") for number in range(20)))
    await chainers[0].chain_all()

    async with database.reading() as uow:
        assert await uow.all(SEQS) == list(range(1, 3 * (BATCH // 2) + 21))
