"""`mainspring secrets`: new secrets with overlap, and everything sealed readable when the old key has gone."""

import asyncio
import os
from pathlib import Path

import pytest

from mainspring.core import clock
from mainspring.core.application import create_application
from mainspring.core.database import Statement, insert_into
from mainspring.core.module import discover
from mainspring.core.security.resealing import FIRST, resealings
from mainspring.core.settings import load_settings
from mainspring.entrypoints import cli
from mainspring.modules.auth.models import TotpFactor
from mainspring.modules.auth.totp import TotpSecrets
from mainspring.modules.social.models import SocialAttempt, SocialLink
from mainspring.modules.social.secrecy import Sealed
from mainspring.modules.users.service import NewUser, UserService
from mainspring.testing.databases import environment_of_tests

KEPT = ("PATH", "HOME", "LANG", "TMPDIR")
OWN = ("SESSION_SECRET", "ENCRYPTION_KEY", "JWT_PRIVATE_KEY", "JWT_PUBLIC_KEY")
SOURCE = Path(__file__).parents[3] / "src" / "mainspring"


@pytest.fixture
def mainspring(monkeypatch, tmp_path, capsys, database_url):
    """Runs a command on an installation that made its own secrets: (exit code, output, errors)."""
    for name in list(os.environ):
        if name not in KEPT:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    given = {name: value for name, value in environment_of_tests().items() if name not in OWN}
    for name, value in (given | {"DATABASE_URL": database_url, "DATA_DIR": str(tmp_path / "data")}).items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(list(arguments))
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def with_unit(deed):
    """Run `deed` with an application of the environment and a unit of work."""

    async def work():
        application = create_application(load_settings())
        await application.start()
        try:
            async with application.unit() as uow:
                return await deed(application, uow)
        finally:
            await application.stop()

    return asyncio.run(work())


async def seal_something(application, uow):
    """One row for each sealed column that a module has; the id of the user."""
    settings, now, hash = application.settings, clock.now(), "5" * 64
    user = await UserService(uow).create(NewUser(email="ada@example.com", name="Ada"))
    totp = TotpSecrets(settings).seal("THESECRET", user.id)
    await uow.run(Statement(insert_into(TotpFactor)), user_id=user.id, secret=totp, activated_at=now, last_step=None)
    who = {"provider": "google", "issuer": "https://issuer.example", "subject": "{1}"}
    tokens = Sealed(settings, "tokens").seal("the tokens", f"social_links/{who['issuer']}/{who['subject']}")
    await uow.run(Statement(insert_into(SocialLink)), user_id=user.id, **who, email=None, tokens=tokens, last_used_at=now)
    attempt = dict.fromkeys(("challenge", "user_id", "session_id"))
    attempt |= {"state_hash": hash, "browser_hash": hash, "nonce_hash": hash, "transport": "body", "next": "/"}
    verifier = Sealed(settings, "attempts").seal("the verifier", hash)
    about = {"provider": "google", "issuer": who["issuer"], "created_at": now, "expires_at": now}
    await uow.run(Statement(insert_into(SocialAttempt)), **attempt, **about, verifier=verifier)
    return user.id


async def read_everything(application, uow):
    """What is sealed, opened."""
    found = {}
    for one in resealings(application):
        for row in await one._rows(FIRST):
            place = one.column.place.format_map({name: getattr(row, name) for name in one.column.place_columns})
            found.setdefault(one.column.name, []).append(one.cipher.open(row.sealed, bound_to=place))
    return found


def test_nothing_is_unreadable_once_the_old_key_has_gone(mainspring, tmp_path):
    with_unit(seal_something)
    file = tmp_path / "data" / "keys" / "encryption_key"
    old, before = file.read_text(), with_unit(read_everything)

    rotated, said, _ = mainspring("secrets", "rotate")
    new, kept = file.read_text().split(",")
    early = mainspring("secrets", "retire")
    resealed = mainspring("secrets", "rotate", "--reseal")
    again = mainspring("secrets", "rotate", "--reseal")
    retired = mainspring("secrets", "retire")

    assert (rotated, kept) == (0, old)
    assert new not in said
    assert old not in said
    assert early[0] == 1
    assert early[2].startswith("Something is sealed with an older ENCRYPTION_KEY.")
    assert "totp_factors.secret: 1 sealed anew" in resealed[1]
    assert resealed[1].endswith("it may go. mainspring secrets retire does it.\n")
    assert (resealed[0], again[0], retired[0]) == (0, 0, 0)
    assert "totp_factors.secret: 0 sealed anew" in again[1]
    assert file.read_text() == new
    assert file.stat().st_mode & 0o777 == 0o600
    assert before.keys() >= {"core_token_keys.sealed", "totp_factors.secret", "social_links.tokens", "social_attempts.verifier"}
    assert with_unit(read_everything) == before


def test_a_row_that_changed_meanwhile_is_left_alone_and_every_batch_is_kept(mainspring, monkeypatch):
    async def several(application, uow):
        settings = application.settings
        for number in range(5):
            user = await UserService(uow).create(NewUser(email=f"user{number}@example.com", name="Ada"))
            sealed = TotpSecrets(settings).seal(f"SECRET{number}", user.id)
            await uow.run(Statement(insert_into(TotpFactor)), user_id=user.id, secret=sealed, activated_at=None, last_step=None)

    with_unit(several)
    mainspring("secrets", "rotate", "--which", "encryption")

    async def interrupted(application, uow):
        [one] = [one for one in resealings(application) if one.column.name == "totp_factors.secret"]
        one.batch = 2
        rows, asked = one._rows, []

        async def twice(after):
            if len(asked) == 2:
                raise KeyError("killed")
            asked.append(after)
            return await rows(after)

        one._rows = twice
        with pytest.raises(KeyError):
            await one.run()
        one._rows = rows
        return await one.outdated(), (await one.run()).renewed, await one.outdated()

    assert with_unit(interrupted) == (1, 1, 0)


def test_text_that_no_key_opens_keeps_the_old_keys(mainspring, tmp_path):
    with_unit(seal_something)
    file = tmp_path / "data" / "keys" / "encryption_key"
    file.write_text("f" * 64)

    code, _, errors = mainspring("secrets", "rotate", "--reseal")

    assert code == 1
    assert "totp_factors.secret: no ENCRYPTION_KEY that is set opens 1 rows." in errors
    assert errors.endswith("Older keys must stay: something is still sealed with one.\n")


def test_secrets_of_the_environment_are_told_not_set(mainspring, monkeypatch, tmp_path):
    for name in ("SESSION_SECRET", "ENCRYPTION_KEY"):
        monkeypatch.setenv(name, environment_of_tests()[name])

    code, said, _ = mainspring("secrets", "rotate", "--which", "session")

    assert code == 0
    first = said.splitlines()[0]
    assert first.startswith("SESSION_SECRET: set it to this, a comma, and the value of before: ")
    assert len(first.rpartition(" ")[2]) == 64
    assert environment_of_tests()["SESSION_SECRET"] not in said
    assert "ENCRYPTION_KEY" not in said
    assert not (tmp_path / "data" / "keys").exists()


def test_whoever_seals_declares_it():
    sealing = {path.relative_to(SOURCE).parts[1] for path in (SOURCE / "modules").rglob("*.py") if "Cipher(" in path.read_text()}

    assert sealing == {module.name for module in discover() if module.sealed is not None}
