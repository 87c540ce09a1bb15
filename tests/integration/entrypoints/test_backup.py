"""`mainspring backup` and `mainspring restore`: what they refuse, what they prove, and what they leave untouched."""

import asyncio
import hashlib
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mainspring.core.application import create_application
from mainspring.core.backup import archive, postgresql, sqlite
from mainspring.core.database.sqlite.connecting import path_of
from mainspring.entrypoints import cli
from mainspring.modules.credits.service import CreditService
from mainspring.modules.users.service import NewUser, UserService
from mainspring.testing.databases import environment_of_tests, settings_for

KEPT = ("PATH", "HOME", "LANG", "TMPDIR")
PASSPHRASE = "a passphrase of many words"


@pytest.fixture
def mainspring(monkeypatch, tmp_path, capsys):
    """Runs a command on an installation: (exit code, output, errors)."""
    for name in list(os.environ):
        if name not in KEPT:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "passphrase").write_text(f"{PASSPHRASE}\n")

    def run(*arguments: str, **settings: str) -> tuple[int, str, str]:
        for name, value in (environment_of_tests() | {"DATA_DIR": str(tmp_path / "data")} | settings).items():
            monkeypatch.setenv(name, value)
        code = cli.run(list(arguments))
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def installation(database_url, tmp_path):
    """An installation with a user who has ten credits, and a key in DATA_DIR; the address of its database."""
    (tmp_path / "data" / "keys").mkdir(mode=0o700, parents=True)
    (tmp_path / "data" / "keys" / "session_secret").write_text("kept" * 16)
    (tmp_path / "data" / "mail").mkdir()
    (tmp_path / "data" / "mail" / "1.eml").write_text("To: ada@example.com")

    async def fill():
        application = create_application(settings_for(database_url, tmp_path, {}))
        await application.start()
        async with application.unit() as uow:
            user = await UserService(uow).create(NewUser(email="ada@example.com", name="Ada"))
            await CreditService(uow).deposit(user.id, 10)
        await application.stop()

    asyncio.run(fill())
    return database_url


def state(url: str, tmp_path: Path) -> str:
    """A digest of what the database holds."""
    if url.startswith("sqlite:"):
        return json.dumps(dict(sqlite.told(path_of(url), "").counts), sort_keys=True)
    return json.dumps(dict(asyncio.run(postgresql.told(url, "")).counts), sort_keys=True)


def wipe(url: str) -> None:
    if url.startswith("sqlite:"):
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path_of(url)}{suffix}").unlink(missing_ok=True)
        return

    async def drop():
        async with postgresql._connected(url) as connection:
            for (name,) in await connection.fetch(postgresql.TABLES):
                await connection.execute(f'DROP TABLE "{name}" CASCADE')

    asyncio.run(drop())


@pytest.mark.parametrize("options", [(), ("--passphrase-file", "passphrase")], ids=["plain", "encrypted"])
def test_what_was_lost_comes_back(mainspring, installation, tmp_path, options):
    before = state(installation, tmp_path)
    made, said, _ = mainspring("backup", "kept", *options, DATABASE_URL=installation)
    wipe(installation)
    (tmp_path / "data" / "keys" / "session_secret").unlink()

    restored, _, errors = mainspring("restore", "kept", *options, DATABASE_URL=installation)

    assert (made, restored) == (0, 0), errors
    assert "1 databases with" in said
    assert state(installation, tmp_path) == before
    assert (tmp_path / "data" / "keys" / "session_secret").read_text() == "kept" * 16
    assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_a_backup_is_proved_without_touching_anything(mainspring, installation, tmp_path):
    mainspring("backup", "kept", DATABASE_URL=installation)
    before = state(installation, tmp_path)

    code, said, errors = mainspring("restore", "kept", "--verify", DATABASE_URL=installation)

    assert (code, errors) == (0, "")
    assert said.splitlines() == [
        f"{name}: ok" for name in ("hashes", "counts", "migrations", "foreign keys", "audit trail", "credits")
    ]
    assert state(installation, tmp_path) == before


def test_a_ledger_that_does_not_add_up_is_told(mainspring, installation, tmp_path, dialect):
    if dialect == "sqlite":
        with closing(sqlite3.connect(path_of(installation))) as connection:
            connection.execute("UPDATE credit_accounts SET balance = balance + 1 WHERE NOT is_house")
            connection.commit()
    else:
        asyncio.run(_execute(installation, "UPDATE credit_accounts SET balance = balance + 1 WHERE NOT is_house"))
    mainspring("backup", "kept", DATABASE_URL=installation)

    code, said, errors = mainspring("restore", "kept", "--verify", DATABASE_URL=installation)

    assert code == 1
    assert "credits: wrong" in said
    assert "is 11, not 10" in errors


def test_nothing_is_overwritten_unless_it_is_said(mainspring, installation, tmp_path):
    mainspring("backup", "kept", DATABASE_URL=installation)
    digest = hashlib.sha256((tmp_path / "kept").read_bytes()).digest()

    again = mainspring("backup", "kept", DATABASE_URL=installation)
    refused = mainspring("restore", "kept", DATABASE_URL=installation)
    replaced = mainspring("restore", "kept", "--replace", DATABASE_URL=installation)

    assert (again[0], again[2]) == (1, "kept is there already; a backup replaces nothing.\n")
    assert refused[0] == 1
    assert refused[2] == "The database default is not empty. --replace puts the backup in its place.\n"
    assert replaced[0] == 0, replaced[2]
    assert hashlib.sha256((tmp_path / "kept").read_bytes()).digest() == digest


def test_one_flipped_byte_anywhere_is_refused_and_nothing_is_touched(mainspring, installation, tmp_path):
    mainspring("backup", "kept", DATABASE_URL=installation)
    before, whole = state(installation, tmp_path), (tmp_path / "kept").read_bytes()

    for at in (0, 20, len(whole) // 3, len(whole) // 2, len(whole) - 40, len(whole) - 1):
        changed = bytearray(whole)
        changed[at] ^= 0x10
        (tmp_path / "kept").write_bytes(changed)
        code, _, error = mainspring("restore", "kept", "--replace", DATABASE_URL=installation)
        assert (code, error.endswith("Nothing was restored.\n")) == (1, True), (at, error)

    assert state(installation, tmp_path) == before


def test_a_backup_of_a_newer_version_is_refused(mainspring, installation, tmp_path, monkeypatch):
    fill = archive._fill

    def newer(sealed, parts, manifest, told):
        manifest.databases["default"].heads["credits"] = "999"
        fill(sealed, parts, manifest, told)

    monkeypatch.setattr(archive, "_fill", newer)
    mainspring("backup", "kept", DATABASE_URL=installation)

    code, _, error = mainspring("restore", "kept", "--replace", DATABASE_URL=installation)

    assert code == 1
    assert error.startswith("The backup is of a newer version (credits 999).")


def test_a_database_in_use_is_not_replaced(mainspring, installation, tmp_path, dialect):
    mainspring("backup", "kept", DATABASE_URL=installation)
    if dialect == "sqlite":
        with closing(sqlite3.connect(path_of(installation))) as other:
            other.execute("PRAGMA journal_mode=WAL")
            other.execute("SELECT count(*) FROM users").fetchone()
            code, _, error = mainspring("restore", "kept", "--replace", DATABASE_URL=installation)
    else:

        async def hold(started, done):
            async with postgresql._connected(installation):
                started.set()
                await asyncio.to_thread(done.wait)

        import threading

        started, done = threading.Event(), threading.Event()
        holder = threading.Thread(target=lambda: asyncio.run(hold(started, done)))
        holder.start()
        started.wait(10)
        code, _, error = mainspring("restore", "kept", "--replace", DATABASE_URL=installation)
        done.set()
        holder.join()

    assert code == 1
    assert error.endswith("Stop every server and worker first.\n")


def test_a_backup_says_what_is_in_it_and_no_secret(mainspring, installation, tmp_path, dialect):
    mainspring("backup", "kept", DATABASE_URL=installation)
    (tmp_path / "out").mkdir()

    manifest = archive.unpack(tmp_path / "kept", tmp_path / "out", None, lambda *_: None)

    assert manifest.databases["default"].dialect == dialect
    assert manifest.databases["default"].counts["users"] == 1
    assert [part.name for part in manifest.parts] == ["databases/default", "data/keys/session_secret"]
    assert "SESSION_SECRET" in manifest.settings
    assert environment_of_tests()["SESSION_SECRET"] not in manifest.text()


def test_a_program_that_is_missing_is_a_sentence(mainspring, postgresql_template, monkeypatch, tmp_path):
    with postgresql_template.copy() as url:
        code, _, error = mainspring("backup", "kept", DATABASE_URL=url, PATH=str(tmp_path))

    assert (code, error) == (
        1,
        "pg_dump is not installed: install PostgreSQL's client programs (Debian: postgresql-client).\n",
    )
    assert not (tmp_path / "kept").exists()


def test_a_copy_is_of_one_moment_however_much_is_written_meanwhile(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite, "PAGES", 5)
    source, steps = tmp_path / "source.db", []
    with closing(sqlite3.connect(source, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE rows (text)")
        many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)"
        writer.execute(f"{many} INSERT INTO rows SELECT hex(randomblob(500)) FROM n")

        def written(done, total):
            steps.append(done)
            writer.execute("UPDATE rows SET text = 'changed'")
            writer.execute("INSERT INTO rows VALUES ('later')")

        sqlite.copy(source, tmp_path / "copy.db", written)

    with closing(sqlite3.connect(tmp_path / "copy.db")) as copied:
        assert copied.execute("SELECT count(*), sum(text = 'changed') FROM rows").fetchone() == (500, 0)
    assert len(steps) > 10
    assert steps == sorted(steps)


async def _execute(url: str, sql: str) -> None:
    async with postgresql._connected(url) as connection:
        await connection.execute(sql)


def test_a_backup_of_an_installation_with_its_own_secrets_is_proved_with_those(mainspring, database_url, tmp_path, monkeypatch):
    own = dict.fromkeys(("SESSION_SECRET", "ENCRYPTION_KEY", "JWT_PRIVATE_KEY", "JWT_PUBLIC_KEY"), "")
    own |= {"DATABASE_URL": database_url, "JWT_ALGORITHM": "ES256"}
    assert mainspring("keys", "list", **own)[0] == 0  # the first start makes secrets and a key
    mainspring("backup", "kept", **own)
    kept = (tmp_path / "data" / "keys" / "encryption_key").read_text()
    elsewhere = own | {"DATA_DIR": str(tmp_path / "elsewhere")}

    code, said, errors = mainspring(
        "restore", "kept", "--verify", **elsewhere, JOBS__TRANSPORT="nats", JOBS__TRANSPORT_URL="nats://127.0.0.1:1"
    )

    assert (code, errors) == (0, "")
    assert "audit trail: ok" in said
    assert not (tmp_path / "elsewhere").exists()
    assert mainspring("restore", "kept", "--replace", **elsewhere)[0] == 0
    assert (tmp_path / "elsewhere" / "keys" / "encryption_key").read_text() == kept


def test_backups_inside_of_data_dir_are_not_part_of_later_ones(mainspring, installation, tmp_path):
    (tmp_path / "data" / "backups").mkdir()
    mainspring("backup", "data/backups/first", DATABASE_URL=installation)
    (tmp_path / "data" / "backups" / ".backup-left").mkdir()
    (tmp_path / "data" / "backups" / ".backup-left" / "0.copy").write_text("left by a killed one")

    _, said, _ = mainspring("backup", "data/backups/second", DATABASE_URL=installation)

    assert said.rstrip().endswith(" 1 files.")  # the key


def test_a_folder_that_cannot_be_written_is_a_sentence(mainspring, installation, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device", "kept")

    monkeypatch.setattr(archive.os, "fsync", full)

    code, _, error = mainspring("backup", "kept", DATABASE_URL=installation)

    assert (code, error) == (1, "kept: No space left on device.\n")
    assert [path.name for path in tmp_path.iterdir() if "kept" in path.name or path.name.startswith(".")] == []
