"""Whatever is changed in the tables of the trail is found, and the first row that was touched is named."""

from dataclasses import replace
from datetime import timedelta

import pytest
from joserfc.jwk import RSAKey

from mainspring.core import ids
from mainspring.core.application import Application
from mainspring.core.audit import verifying
from mainspring.core.audit.chaining import Chainer
from mainspring.core.audit.findings import Finding, Verdict
from mainspring.core.audit.models import AuditEntry
from mainspring.core.audit.seals import Seals
from mainspring.core.audit.statements import OF_NOBODY
from mainspring.core.audit.verifying import Verifier
from mainspring.core.database import Database
from mainspring.core.observability.logs import captured_logs
from mainspring.core.security.keys import KeyRing
from tests.integration.core.audit.conftest import Note, Tamper

ON_BOTH = {
    "action": "action = 'CREATF'",
    "resource": "resource = 'thinG'",
    "resource_id": "resource_id = NULL",
    "user_agent": "user_agent = 'tests/2'",
    "request_id": "request_id = ''",
    "ip_address": "ip_address = '192.0.2.8'",
    "seq": "seq = 99",
    "seq taken away": "seq = NULL",
    "hash taken away": "hash = NULL",
}
ON_SQLITE = ON_BOTH | {
    "id": "id = substr(id, 1, 31) || CASE substr(id, 32) WHEN '0' THEN '1' ELSE '0' END",
    "id in capitals": "id = upper(id)",
    "user_id": "user_id = substr(user_id, 1, 31) || CASE substr(user_id, 32) WHEN '0' THEN '1' ELSE '0' END",
    "user_id with a dash": "user_id = substr(user_id, 1, 8) || '-' || substr(user_id, 9)",
    "changes": "changes = replace(changes, '\"size\":1', '\"size\":2')",
    "changes with a space": "changes = replace(changes, ':1', ': 1')",
    "changes with a zero": "changes = replace(changes, '4.5', '4.50')",
    "changes that are no JSON": "changes = changes || '}'",
    "changes as a BLOB": "changes = CAST(changes AS BLOB)",
    "changes that say nothing": "changes = 'null'",
    "created_at": "created_at = replace(created_at, '20', '21')",
    "created_at with a space": "created_at = replace(created_at, 'T', ' ')",
    "tenant": "tenant = id",
    "tenant that is none": "tenant = 'nobody'",
    "hash": "hash = CAST(substr(hash, 1, 31) || x'00' AS BLOB)",
    "letters that are not UTF-8": "action = CAST(x'c328' AS TEXT)",
    "action as a BLOB": "action = CAST(action AS BLOB)",
    "seq that is a word": "seq = 'four'",
}
ON_POSTGRESQL = ON_BOTH | {
    "id": "id = gen_random_uuid()",
    "user_id": "user_id = id",
    "changes": "changes = jsonb_set(changes, '{size}', '2')",
    "changes with a zero": "changes = jsonb_set(changes, '{share}', '4.50')",
    "changes beyond a fraction": "changes = jsonb_set(changes, '{share}', '4.5000000000000000001')",
    "changes that say nothing": "changes = 'null'",
    "created_at": "created_at = created_at + interval '1 microsecond'",
    "created_at without end": "created_at = 'infinity'",
    "tenant": "tenant = id",
    "hash": "hash = set_byte(hash, 31, (get_byte(hash, 31) + 1) % 256)",
}


def only(verdicts: list[Verdict]) -> Finding:
    """The one thing that was found."""
    (found,) = [finding for verdict in verdicts for finding in verdict.findings if verdict.chain == OF_NOBODY]
    return found


@pytest.fixture
async def trail(chainer: Chainer, note: Note) -> None:
    """Eight rows, chained, and signed at the fourth and the eighth."""
    for names in ("abcd", "efgh"):
        await note(*names)
        await chainer.chain_all()
        await chainer.sign_due(now=True)


async def test_what_nobody_touched_is_whole(trail: None, verifier: Verifier) -> None:
    (verdict,) = await verifier.run()

    assert verdict.is_whole
    assert verdict.is_complete
    assert (verdict.rows, verdict.last, verdict.checkpoints, verdict.signed_seq) == (8, 8, 2, 8)
    assert verdict.notes == []


@pytest.mark.parametrize("what", sorted(ON_SQLITE.keys() | ON_POSTGRESQL.keys()))
async def test_a_changed_column_names_its_row(
    trail: None, verifier: Verifier, tamper: Tamper, database: Database, what: str
) -> None:
    change = (ON_SQLITE if database.dialect == "sqlite" else ON_POSTGRESQL).get(what, ON_BOTH["action"])

    await tamper(f"UPDATE core_audit_log SET {change} WHERE seq = 6")

    assert only(await verifier.run()).seq == 6


def test_every_column_has_its_change() -> None:
    columns = set(AuditEntry.__table__.c.keys())

    assert columns <= ON_SQLITE.keys()
    assert columns <= ON_POSTGRESQL.keys()


async def test_the_altered_row_is_told_with_its_id(trail: None, verifier: Verifier, tamper: Tamper) -> None:
    await tamper("UPDATE core_audit_log SET resource_id = 'z' WHERE seq = 6")

    found = only(await verifier.run())

    assert found.kind == "altered"
    assert found.sentence.startswith("Row 6 (CREATE of thing z, 20")
    assert f"id {found.id})" in found.sentence


async def test_a_removed_row_is_missed(trail: None, verifier: Verifier, tamper: Tamper) -> None:
    await tamper("DELETE FROM core_audit_log WHERE seq = 3")

    found = only(await verifier.run())

    assert (found.kind, found.seq) == ("removed", 3)


async def test_an_inserted_row_is_named(trail: None, verifier: Verifier, tamper: Tamper, database: Database) -> None:
    await tamper("UPDATE core_audit_log SET seq = -seq WHERE seq >= 5")
    await tamper("UPDATE core_audit_log SET seq = 1 - seq WHERE seq < 0")
    columns = "user_id, action, resource, resource_id, changes, ip_address, user_agent, request_id, tenant, created_at, hash"
    id = ids.new()
    await tamper(
        f"INSERT INTO core_audit_log (id, seq, {columns}) SELECT ?, 5, {columns} FROM core_audit_log WHERE seq = 2",
        id.hex if database.dialect == "sqlite" else id,
    )

    found = only(await verifier.run())

    assert (found.kind, found.seq, found.id) == ("inserted", 5, str(id))


async def test_rows_that_changed_places_are_named(trail: None, verifier: Verifier, tamper: Tamper) -> None:
    for old, new in ((3, 99), (7, 3), (99, 7)):
        await tamper(f"UPDATE core_audit_log SET seq = {new} WHERE seq = {old}")

    found = only(await verifier.run())

    assert (found.kind, found.seq) == ("reordered", 3)
    assert "stands in the place of row 7" in found.sentence


async def test_neighbours_that_changed_places_are_named(trail: None, verifier: Verifier, tamper: Tamper) -> None:
    for old, new in ((3, 99), (4, 3), (99, 4)):
        await tamper(f"UPDATE core_audit_log SET seq = {new} WHERE seq = {old}")

    found = only(await verifier.run())

    assert (found.kind, found.seq) == ("reordered", 3)


async def test_a_tail_that_was_cut_is_missed_by_its_checkpoint(trail: None, verifier: Verifier, tamper: Tamper) -> None:
    await tamper("DELETE FROM core_audit_log WHERE seq > 6")
    await tamper("UPDATE core_audit_chains SET seq = 6, signed_seq = 4, hash = (SELECT hash FROM core_audit_log WHERE seq = 6)")

    found = only(await verifier.run())

    assert (found.kind, found.seq) == ("truncated", 7)
    assert "a checkpoint signs row 8" in found.sentence


async def test_a_tail_behind_the_last_checkpoint_is_missed_by_the_head(
    trail: None, chainer: Chainer, note: Note, verifier: Verifier, tamper: Tamper
) -> None:
    await note("i", "j")
    await chainer.chain_all()
    await tamper("DELETE FROM core_audit_log WHERE seq > 9")

    found = only(await verifier.run())

    assert (found.kind, found.seq) == ("truncated", 10)


async def test_a_chain_that_was_written_anew_does_not_fit_its_checkpoints(
    trail: None, chainer: Chainer, verifier: Verifier, tamper: Tamper
) -> None:
    await tamper("UPDATE core_audit_log SET action = 'DELETE' WHERE seq = 6")
    await tamper("UPDATE core_audit_log SET seq = NULL, hash = NULL WHERE seq > 5")
    await tamper("UPDATE core_audit_chains SET seq = 5, hash = (SELECT hash FROM core_audit_log WHERE seq = 5)")

    with captured_logs() as lines:
        assert await chainer.chain_all() == 4  # whoever can write the rows can make links as well as we do

    found = only(await verifier.run())
    assert (found.kind, found.seq) == ("rewritten", 8)
    assert [line["seq"] for line in lines if line["message"] == "audit_chain_altered"] == [8]  # and a row tells of it, the fourth


@pytest.mark.parametrize("column", ["seq", "signed", "created_at"])
async def test_a_changed_checkpoint_is_found(
    trail: None, verifier: Verifier, tamper: Tamper, database: Database, column: str
) -> None:
    changes = {
        "seq": "seq = 5",
        "signed": "signed = replace(signed, '.', '.A')",
        "created_at": "created_at = created_at + interval '1 hour'"
        if database.dialect == "postgresql"
        else "created_at = replace(created_at, '20', '21')",
    }
    await tamper(f"UPDATE core_audit_checkpoints SET {changes[column]} WHERE seq = 4")

    assert only(await verifier.run()).kind == "forged"


async def test_a_missing_checkpoint_is_found(trail: None, verifier: Verifier, tamper: Tamper) -> None:
    await tamper("DELETE FROM core_audit_checkpoints WHERE seq = 8")

    found = only(await verifier.run())

    assert (found.kind, found.seq) == ("unsigned", 8)


async def test_a_chain_that_nobody_ever_signed_is_found(
    chainer: Chainer, note: Note, verifier: Verifier, tamper: Tamper, monkeypatch: pytest.MonkeyPatch
) -> None:
    await note("a", "b")
    await chainer.chain_all()
    assert (await verifier.run())[0].is_whole  # it is signed a moment later

    monkeypatch.setattr(verifying, "UNSIGNED_AT_MOST", timedelta(0))

    assert only(await verifier.run()).kind == "unsigned"


async def test_a_head_that_was_changed_is_found(trail: None, verifier: Verifier, tamper: Tamper) -> None:
    await tamper("UPDATE core_audit_chains SET hash = (SELECT hash FROM core_audit_log WHERE seq = 7)")

    assert only(await verifier.run()).kind == "head"


async def test_rows_behind_the_head_are_found(trail: None, verifier: Verifier, tamper: Tamper) -> None:
    await tamper("UPDATE core_audit_chains SET seq = 7, signed_seq = 4, hash = (SELECT hash FROM core_audit_log WHERE seq = 7)")
    await tamper("DELETE FROM core_audit_checkpoints WHERE seq = 8")

    found = only(await verifier.run())

    assert (found.kind, found.seq) == ("inserted", 8)


async def test_a_missing_head_is_found(trail: None, verifier: Verifier, tamper: Tamper) -> None:
    await tamper("DELETE FROM core_audit_chains")

    assert only(await verifier.run()).kind == "head"


async def test_an_anchor_finds_what_checkpoints_cannot(
    application: Application, trail: None, verifier: Verifier, tamper: Tamper
) -> None:
    (whole,) = await verifier.run()
    await tamper("DELETE FROM core_audit_log WHERE seq > 2")
    await tamper("DELETE FROM core_audit_checkpoints")
    await tamper("UPDATE core_audit_chains SET seq = 2, signed_seq = 0, hash = (SELECT hash FROM core_audit_log WHERE seq = 2)")
    assert (await verifier.run())[0].is_whole  # everything that could tell is gone

    anchored = Verifier(application.database, application.resolve(Seals), anchors={OF_NOBODY: (8, whole.hash)})
    other = Verifier(application.database, application.resolve(Seals), anchors={OF_NOBODY: (2, whole.hash)})
    foreign = Verifier(application.database, application.resolve(Seals), anchors={ids.new(): (1, whole.hash)})

    assert only(await anchored.run()).kind == "truncated"
    assert only(await other.run()).kind == "rewritten"
    assert [finding.kind for verdict in await foreign.run() for finding in verdict.findings] == ["truncated"]


async def test_a_key_that_is_gone_is_told_and_can_be_given(
    application: Application, trail: None, note: Note, verifier: Verifier, chainer: Chainer
) -> None:
    old, new = application.resolve(Seals), KeyRing(RSAKey.generate_key(3072))
    alone = Seals(lambda: new)
    with_old_key = Seals(lambda: new, [old._ring().signing])
    database = application.database

    assert only(await Verifier(database, alone).run()).kind == "unknown_key"
    assert (await Verifier(database, with_old_key).run())[0].is_whole

    rotated = Chainer(database, alone, every=timedelta(minutes=1), rows=1000)
    assert await rotated.sign_due() == 1  # a new key signs each chain once, without new rows
    assert await rotated.sign_due() == 0
    (verdict,) = await Verifier(database, alone).run()
    assert verdict.is_whole
    assert verdict.notes == ["2 older checkpoints are signed with keys that are not known."]


async def test_only_the_newest_rows_are_looked_at_from_a_checkpoint_on(trail: None, verifier: Verifier, tamper: Tamper) -> None:
    (verdict,) = await verifier.run(newest=5)

    assert (verdict.first, verdict.rows, verdict.is_complete) == (4, 4, False)

    await tamper("UPDATE core_audit_log SET action = 'DELETE' WHERE seq = 6")
    assert only(await verifier.run(newest=5)).seq == 6
    await tamper("UPDATE core_audit_log SET action = 'DELETE' WHERE seq = 3")
    assert only(await verifier.run(newest=5)).seq == 6
    assert only(await verifier.run()).seq == 3


async def test_another_chain_of_a_tenant_is_told_apart(chainer: Chainer, note: Note, verifier: Verifier, tamper: Tamper) -> None:
    tenant = ids.new()
    await note("a", "b")
    await note("c", "d", tenant=tenant)
    await chainer.chain_all()
    await chainer.sign_due()
    assert all(verdict.is_whole for verdict in await verifier.run())

    await tamper("UPDATE core_audit_log SET action = 'DELETE' WHERE resource_id = 'd'")

    main, other = await verifier.run()
    assert main.is_whole
    assert (other.chain, [finding.seq for finding in other.findings]) == (tenant, [2])


async def test_a_verdict_can_be_compared(verifier: Verifier, chainer: Chainer) -> None:
    (empty,) = await verifier.run()

    assert empty == replace(empty)
    assert empty.is_whole
    assert await verifier.waiting() == 0
