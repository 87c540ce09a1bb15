"""`mainspring audit ...` and what an outsider can do with its output."""

import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from joserfc.jwk import RSAKey

from mainspring.core import clock, ids
from mainspring.core.audit import AuditRecord
from mainspring.core.audit.chaining import Chainer
from mainspring.core.audit.seals import Seals
from mainspring.core.security.keys import KeyRing
from tests.integration.modules.command_line import command, live_in

GUIDE = Path(__file__).parents[4] / "docs" / "guides" / "audit.md"


@pytest.fixture
def run(database_url, tmp_path, monkeypatch, capfdbinary):
    """The commands; they sign with the keys of the application."""
    live_in(tmp_path, database_url, monkeypatch)
    return command("audit", capfdbinary)


@pytest.fixture
def chainer(application):
    return Chainer(application.database, application.resolve(Seals), every=timedelta(minutes=1), rows=1000)


@pytest.fixture
def note(application, chainer):
    async def deed(*names, tenant=None, days_ago=0):
        async with application.unit() as uow:
            for name in names:
                record = AuditRecord("CREATE", "thing", name, {"size": 1, "share": 0.5, "word": "ü"}, tenant=tenant)
                made = clock.now() - timedelta(days=days_ago)
                uow.before_commit(record.STATEMENT, **record.row(uow.context), created_at=made)
        await chainer.chain_all()
        await chainer.sign_due(now=True)

    return deed


def script_of_the_guide(tmp_path: Path) -> Path:
    (text,) = re.findall(r"```python\n(# check\.py\n.*?)```", GUIDE.read_text(), re.S)
    path = tmp_path / "check.py"
    path.write_text(text)
    return path


async def test_a_whole_trail_is_told_with_its_head_and_zero(run, note):
    await note("a", "b", "c")

    said = await run("verify")

    assert said.returncode == 0
    assert re.fullmatch(r"main: whole, rows 1 to 3, signed up to 3, head [0-9a-f]{64}\n", said.stdout)


async def test_an_altered_row_is_named_and_the_end_is_one(run, note, tamper):
    await note("a", "b", "c")
    await tamper("UPDATE core_audit_log SET resource_id = 'x' WHERE seq = 2")

    said = await run("verify")

    assert said.returncode == 1
    assert said.stdout == ""
    assert re.match(
        r"main: Row 2 \(CREATE of thing x, .*, id [0-9a-f-]{36}\) is not as it was written", said.stderr.splitlines()[-1]
    )


MOVED = [f"UPDATE core_audit_log SET seq = {new} WHERE seq = {old}" for old, new in ((1, 9), (3, 1), (9, 3))]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (["DELETE FROM core_audit_log WHERE seq = 2"], "main: Row 2 is missing"),
        (MOVED, "main: Row 1 (CREATE of thing c, "),
        (["UPDATE core_audit_log SET user_agent = 'x' WHERE seq = 3"], "main: Row 3 (CREATE of thing c, "),
    ],
)
async def test_a_removed_and_a_moved_row_are_named(run, note, tamper, changes, told):
    await note("a", "b", "c")
    for change in changes:
        await tamper(change)

    said = await run("verify")

    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.splitlines()[-1].startswith(told)


async def test_a_kept_head_is_compared(run, note, tmp_path):
    await note("a", "b")
    printed = (await run("head")).stdout
    (tmp_path / "kept.txt").write_text(printed)
    seq, hash = printed.split()[1:]
    await note("c")

    assert (await run("verify", "--anchor", "kept.txt")).returncode == 0
    assert (await run("verify", "--anchor", f"{seq}:{hash}", "--chain", "main")).returncode == 0
    assert "not those of the anchor" in (await run("verify", "--anchor", f"1:{hash}")).stderr
    assert "the anchor tells of row 9" in (await run("verify", "--anchor", f"9:{hash}")).stderr
    assert (await run("verify", "--anchor", "9:xyz")).returncode == 2
    assert "no-such-file cannot be read" in (await run("verify", "--anchor", "no-such-file")).stderr


async def test_a_key_that_is_gone_can_be_given_as_a_file_or_a_setting(run, application, note, tmp_path, monkeypatch):
    await note("a")
    old = application.resolve(KeyRing)
    public = bytes(old.signing.as_pem(private=False)).decode()
    (tmp_path / "old.pem").write_text(public)
    monkeypatch.setenv("JWT_PRIVATE_KEY", bytes(RSAKey.generate_key(3072).as_pem(private=True)).decode())
    monkeypatch.delenv("JWT_PUBLIC_KEY")

    without, as_file = await run("verify"), await run("verify", "--key", "old.pem")
    monkeypatch.setenv("AUDIT__PUBLIC_KEYS", public.replace("\n", "\\n"))
    as_setting = await run("verify")

    assert (without.returncode, as_file.returncode, as_setting.returncode) == (1, 0, 0)
    assert f"is signed with the key {old.signing_id}, which is not known." in without.stderr


async def test_a_beginning_whose_key_was_lost_is_signed_anew(run, note, monkeypatch):
    await note("a", "b", days_ago=10)
    await note("c", "d")
    await run("prune", "--before", (clock.now() - timedelta(days=5)).isoformat())
    monkeypatch.setenv("JWT_PRIVATE_KEY", bytes(RSAKey.generate_key(3072).as_pem(private=True)).decode())
    monkeypatch.delenv("JWT_PUBLIC_KEY")
    assert "The beginning of the chain behind row 2 is signed with the key" in (await run("verify")).stderr

    assert (await run("sign")).stdout == "1 beginnings signed.\n"

    assert "The newest checkpoint" in (await run("verify")).stderr  # which a process with jobs signs anew


async def test_an_exported_trail_is_checked_by_an_outsider(run, note, tmp_path):
    tenant = ids.new()
    await note("a", "b")
    await note("c", tenant=tenant)
    await note("d", "e")

    said = await run("export", "--format", "jsonl")

    rows = [json.loads(line) for line in said.stdout.splitlines()]
    assert [row["resourceId"] for row in rows] == ["a", "b", "d", "e", "c"]
    check = script_of_the_guide(tmp_path)
    whole = subprocess.run([sys.executable, check], input=said.stdout, capture_output=True, text=True, check=False)
    assert (whole.returncode, whole.stdout) == (0, f"main: row 4 has {rows[3]['hash']}\n{tenant}: row 1 has {rows[4]['hash']}\n")
    for old, new in (("0.5", "0.6"), ('"b"', '"B"'), (rows[1]["hash"], "0" * 64)):
        bent = said.stdout.replace(old, new, 1) if old != "0.5" else said.stdout[::-1].replace("5.0", "6.0", 1)[::-1]
        refused = subprocess.run([sys.executable, check], input=bent, capture_output=True, text=True, check=False)
        assert refused.returncode == 1, (old, new)
    cut = "".join(line for line in said.stdout.splitlines(keepends=True) if '"resourceId":"b"' not in line)
    assert subprocess.run([sys.executable, check], input=cut, capture_output=True, text=True, check=False).returncode == 1


async def test_a_part_is_exported_by_time_and_the_export_stands_in_the_trail(run, note, tmp_path):
    await note("a", "b", days_ago=10)
    await note("c", days_ago=5)
    await note("d")

    day = (clock.now() - timedelta(days=7)).date().isoformat()
    until = (clock.now() - timedelta(days=2)).isoformat()
    said = await run("export", "--from", day, "--to", until, "--chain", "main")

    assert [json.loads(line)["resourceId"] for line in said.stdout.splitlines()] == ["c"]
    check = script_of_the_guide(tmp_path)
    assert subprocess.run([sys.executable, check], input=said.stdout, capture_output=True, text=True, check=False).returncode == 0
    await note("e")
    told = [json.loads(line) for line in (await run("export", "--from", until)).stdout.splitlines()]
    (export,) = [row for row in told if row["action"] == "EXPORT"]
    assert export["changes"] == {"from": day, "to": until, "rows": 1, "format": "jsonl"}


async def test_a_pruned_trail_is_still_whole(run, note, tmp_path):
    await note("a", "b", days_ago=10)
    head = (await run("head")).stdout.split()
    await note("c", "d")

    assert (await run("prune", "--before", (clock.now() - timedelta(days=5)).isoformat())).stdout == "2 rows removed.\n"

    said = await run("verify", "--anchor", f"{head[1]}:{head[2]}")
    assert said.returncode == 0
    assert "rows 3 to 4" in said.stdout
    assert [json.loads(line)["seq"] for line in (await run("export")).stdout.splitlines()] == [3, 4]


@pytest.mark.parametrize(
    "wrong", [("verify", "--chain", "x"), ("export", "--from", "yesterday"), ("export", "--format", "csv"), ("prune",)]
)
async def test_wrong_usage_is_told(run, wrong):
    assert (await run(*wrong)).returncode == 2


async def test_another_database_must_exist(run):
    said = await run("verify", "--database", "elsewhere")

    assert (said.returncode, said.stderr.splitlines()[-1]) == (1, "There is no database elsewhere. There are default.")
