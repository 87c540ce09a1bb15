"""Old rows go, and what is left can still be checked (AUDIT__RETENTION)."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest
from joserfc.jwk import RSAKey
from sqlalchemy import select

from mainspring.core import clock, ids
from mainspring.core.application import Application
from mainspring.core.audit import AuditRecord, pruning
from mainspring.core.audit.chaining import Chainer
from mainspring.core.audit.jobs import prune_trail
from mainspring.core.audit.models import AuditEntry, Checkpoint
from mainspring.core.audit.pruning import Pruner
from mainspring.core.audit.renewing import renew_beginnings
from mainspring.core.audit.seals import Seals
from mainspring.core.audit.verifying import Verifier
from mainspring.core.database import Database, Statement, insert_into
from mainspring.core.observability.logs import captured_logs
from mainspring.core.security.keys import KeyRing
from tests.integration.core.audit.conftest import Tamper

WHAT = Statement(select(AuditEntry.action).order_by(AuditEntry.seq), str)
WORDS = Statement(select(Checkpoint.created_at).where(Checkpoint.kind == "head").order_by(Checkpoint.seq), datetime)
WORD: Statement[None] = Statement(insert_into(Checkpoint))
Old = Callable[..., Awaitable[None]]


@pytest.fixture
def environment() -> dict[str, str]:
    return {"AUDIT__RETENTION": "30d"}


@pytest.fixture
def old(database: Database, chainer: Chainer) -> Old:
    """Rows that were made so many days ago, chained and signed."""

    async def deed(days: float, count: int, tenant: object = None) -> None:
        async with database.unit() as uow:
            for number in range(count):
                row = AuditRecord("CREATE", "thing", str(number)).row(uow.context) | {"tenant": tenant}
                uow.before_commit(AuditRecord.STATEMENT, **row, created_at=clock.now() - timedelta(days=days))
        await chainer.chain_all()
        await chainer.sign_due(now=True)

    return deed


@pytest.fixture
def pruner(application: Application) -> Pruner:
    return Pruner(application.database, application.resolve(Seals))


async def test_the_nightly_job_removes_what_is_too_old(
    application: Application, database: Database, old: Old, chainer: Chainer
) -> None:
    tenant = ids.new()
    await old(60, 3)
    await old(31, 2, tenant)
    await old(1, 2)

    await prune_trail(application)
    await chainer.chain_all()

    main, other = await Verifier(database, application.resolve(Seals)).run()
    assert (main.findings, main.first, main.last) == ([], 3, 7)
    assert (other.findings, other.first, other.last) == ([], 2, 2)
    assert await database.begin_reading().all(WHAT) == ["CREATE", "CREATE", "PRUNE", "PRUNE"]


async def test_a_chain_goes_on_after_all_of_it_went(database: Database, verifier: Verifier, pruner: Pruner, old: Old) -> None:
    await old(60, 3)
    assert await pruner.prune(clock.now() - timedelta(days=30)) == 3

    await old(0, 2)

    (verdict,) = await verifier.run()
    assert (verdict.findings, verdict.first, verdict.last) == ([], 3, 6)
    assert await pruner.prune(clock.now() - timedelta(days=30)) == 0


async def test_a_prune_that_was_cut_short_leaves_no_hole_and_is_finished(
    database: Database, verifier: Verifier, pruner: Pruner, old: Old, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "REMOVED_AT_ONCE", 2)
    await old(60, 7)
    await old(0, 1)
    run = pruning.REMOVE.run
    calls = 0

    async def killed(*arguments: object, **params: object) -> int:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise RuntimeError("killed")
        return await run(*arguments, **params)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(pruning.REMOVE, "run", killed)
    with pytest.raises(RuntimeError):
        await pruner.prune(clock.now() - timedelta(days=30))
    assert (await verifier.run())[0].findings == []
    assert len(await database.begin_reading().all(WHAT)) == 5

    assert await pruner.prune(clock.now() - timedelta(days=30)) == 3

    assert (await verifier.run())[0].findings == []


async def test_where_something_was_altered_nothing_goes(
    database: Database, verifier: Verifier, pruner: Pruner, old: Old, tamper: Tamper
) -> None:
    await old(60, 3)
    await old(0, 1)
    await tamper("UPDATE core_audit_log SET action = 'X' WHERE seq = 2")

    with captured_logs() as lines:
        assert await pruner.prune(clock.now() - timedelta(days=30)) == 0

    assert "Row 2 " in next(line["reason"] for line in lines if line["message"] == "audit_not_pruned")
    assert len(await database.begin_reading().all(WHAT)) == 4


async def test_rows_that_somebody_else_removed_are_missed(verifier: Verifier, pruner: Pruner, old: Old, tamper: Tamper) -> None:
    await old(60, 3)
    await old(0, 2)
    await tamper("DELETE FROM core_audit_log WHERE seq <= 3")

    (verdict,) = await verifier.run()

    assert [finding.kind for finding in verdict.findings] == ["removed"]


async def test_a_beginning_that_was_changed_is_found(verifier: Verifier, pruner: Pruner, old: Old, tamper: Tamper) -> None:
    await old(60, 3)
    await old(0, 2)
    await pruner.prune(clock.now() - timedelta(days=30))
    await tamper("UPDATE core_audit_checkpoints SET seq = 4 WHERE kind = 'beginning'")

    assert [finding.kind for finding in (await verifier.run())[0].findings] == ["forged"]


async def test_a_new_key_signs_the_beginning_while_the_old_one_is_known(
    application: Application, database: Database, pruner: Pruner, chainer: Chainer, old: Old
) -> None:
    await old(60, 3)
    await old(0, 2)
    await pruner.prune(clock.now() - timedelta(days=30))
    new = KeyRing(RSAKey.generate_key(3072))
    knowing = Seals(lambda: new, [application.resolve(KeyRing).signing])

    assert await renew_beginnings(database, knowing) == 1
    assert await renew_beginnings(database, knowing) == 0
    await Chainer(database, knowing, every=timedelta(minutes=1), rows=1000).sign_due()

    assert (await Verifier(database, Seals(lambda: new)).run())[0].findings == []


async def test_a_lost_key_is_replaced_only_on_demand_and_only_for_what_fits(
    database: Database, pruner: Pruner, chainer: Chainer, old: Old, tamper: Tamper
) -> None:
    await old(60, 3)
    await old(0, 2)
    await pruner.prune(clock.now() - timedelta(days=30))
    new = KeyRing(RSAKey.generate_key(3072))
    unknowing = Seals(lambda: new)

    assert await renew_beginnings(database, unknowing) == 0
    assert await renew_beginnings(database, unknowing, lost=True) == 1
    await chainer.chain_all()
    assert (await database.begin_reading().all(WHAT))[-1] == "SIGN_BEGINNING"

    await tamper("UPDATE core_audit_log SET action = 'X' WHERE seq = 4")
    assert await renew_beginnings(database, Seals(lambda: KeyRing(RSAKey.generate_key(3072))), lost=True) == 0


async def test_old_checkpoints_are_thinned_to_one_an_hour(
    database: Database, verifier: Verifier, pruner: Pruner, old: Old
) -> None:
    await old(0, 10)
    (real,) = await database.begin_reading().all(WORDS)
    hour = (clock.now() - timedelta(days=3)).replace(minute=0, second=0, microsecond=0)
    moments = [hour + timedelta(minutes=minutes) for minutes in (1, 20, 59, 61)]
    async with database.unit() as uow:
        for seq, moment in enumerate(moments):
            await uow.run(WORD, chain=ids.UUID(int=0), kind="head", seq=seq + 1, signed="", created_at=moment)

    assert await pruner.thin() == 2

    assert await database.begin_reading().all(WORDS) == [moments[2], moments[3], real]
