"""Committed rows of the trail get their places and hashes, once, in one line, whoever else is at work (ARCHITECTURE 10 m)."""

import asyncio
import hashlib
from datetime import timedelta

import orjson
import pytest
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
from mainspring.core.observability.logs import captured_logs
from tests.integration.core.audit.conftest import Note, Tamper

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


ODD = {
    "an id that is a BLOB": ("x'6162'", "NULL", "'2026'"),
    "an id that is no UTF-8": ("CAST(x'c328' AS TEXT)", "NULL", "'2026'"),
    "a tenant that is none": ("'0190b5a4e5c07bd1a0b4f0a7a4b7d3c1'", "'nobody'", "'2026'"),
    "a time that is none": ("'0190b5a4e5c07bd1a0b4f0a7a4b7d3c1'", "NULL", "'yesterday'"),
    "an id that is a word": ("'word'", "NULL", "'2026'"),
}


@pytest.mark.parametrize("what", ODD)
async def test_a_row_that_nobody_of_us_wrote_holds_up_no_other(
    database: Database, chainer: Chainer, note: Note, tamper: Tamper, what: str
) -> None:
    id, tenant, created_at = ODD[what]
    if database.dialect == "postgresql":  # whose types refuse all of these
        id, tenant, created_at = "gen_random_uuid()", "NULL", "'infinity'"
    await tamper(
        "INSERT INTO core_audit_log (id, action, resource, tenant, created_at)"
        f" VALUES ({id}, 'CREATE', 'thing', {tenant}, {created_at})"
    )
    await note("a", "b")

    with captured_logs() as lines:
        chained = await chainer.chain_all()
        await chainer.chain_all()

    told = [line for line in lines if line["message"] == "audit_row_without_usable_id"]
    assert chained + len(told) == 3
