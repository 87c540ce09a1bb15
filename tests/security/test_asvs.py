"""docs/security/asvs.md has every requirement of ASVS 5.0, chapters 6 to 11, levels 1 and 2, with tests that exist or a reason.

Below stand the tests of what no other test shows.
"""

import re
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy import update as sql_update

from mainspring.core import clock
from mainspring.core.application import Application
from mainspring.core.database import Statement, bind
from mainspring.core.security import common_passwords
from mainspring.modules.auth.models import Credential
from mainspring.modules.users.models import User
from mainspring.testing.client import AppClient

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "mainspring"
PAGE = ROOT / "docs" / "security" / "asvs.md"
CRYPTOGRAPHY = ROOT / "docs" / "security" / "cryptography.md"
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| ([^|]+) \| ([^|]+) \| (.+) \|$", re.M)
TOTAL = re.compile(r"^\| V(\d+) [^|]+\| (\d+) \| (\d+) \| (\d+) \|$", re.M)
POINTER = re.compile(r"\]\(\.\./\.\./(tests/[^)]+\.py)\)((?:,? ?`test_\w+`)+)")
STATES = ("met", "not applicable", "open")

LEVEL_1 = (
    "6.1.1 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5 6.2.6 6.2.7 6.2.8 6.3.1 6.3.2 6.4.1 6.4.2 7.2.1 7.2.2 7.2.3 7.2.4 7.4.1 7.4.2 "
    "8.1.1 8.2.1 8.2.2 8.3.1 9.1.1 9.1.2 9.1.3 9.2.1 10.4.1 10.4.2 10.4.3 10.4.4 10.4.5 11.3.1 11.3.2 11.4.1"
)
LEVEL_2 = (
    "6.1.2 6.1.3 6.2.9 6.2.10 6.2.11 6.2.12 6.3.3 6.3.4 6.4.3 6.4.4 6.5.1 6.5.2 6.5.3 6.5.4 6.5.5 6.6.1 6.6.2 6.6.3 6.8.1 "
    "6.8.2 6.8.3 6.8.4 7.1.1 7.1.2 7.1.3 7.3.1 7.3.2 7.4.3 7.4.4 7.4.5 7.5.1 7.5.2 7.6.1 7.6.2 8.1.2 8.2.3 8.4.1 9.2.2 "
    "9.2.3 9.2.4 10.1.1 10.1.2 10.2.1 10.2.2 10.3.1 10.3.2 10.3.3 10.3.4 10.4.6 10.4.7 10.4.8 10.4.9 10.4.10 10.4.11 10.5.1 "
    "10.5.2 10.5.3 10.5.4 10.5.5 10.6.1 10.6.2 10.7.1 10.7.2 10.7.3 11.1.1 11.1.2 11.2.1 11.2.2 11.2.3 11.3.3 11.4.2 11.4.3 "
    "11.4.4 11.5.1 11.6.1"
)


CHOSEN: Statement[None] = Statement(
    sql_update(Credential)
    .where(Credential.user_id == bind("user_id", Credential.user_id))
    .values(created_at=bind("moment", Credential.created_at), updated_at=bind("moment", Credential.updated_at))
)


def rows() -> list[re.Match[str]]:
    return list(ROW.finditer(PAGE.read_text()))


def test_every_requirement_has_one_row_and_its_level() -> None:
    listed = [(row[1], row[2]) for row in rows()]

    assert sorted(listed) == sorted([(id, "1") for id in LEVEL_1.split()] + [(id, "2") for id in LEVEL_2.split()])
    assert len(listed) == 110


def test_every_state_has_its_tests_or_its_reason() -> None:
    for row in rows():
        assert row[4] in STATES, row[1]
        assert bool(POINTER.search(row[5])) == (row[4] == "met"), row[1]


def test_every_test_that_is_named_exists() -> None:
    pointers = [(match[1], name) for match in POINTER.finditer(PAGE.read_text()) for name in re.findall(r"test_\w+", match[2])]

    assert len(pointers) > 40
    for path, name in pointers:
        assert re.search(rf"^\s*(async )?def {name}\(", (ROOT / path).read_text(), re.M), f"{path}: {name}"


def test_the_totals_are_those_of_the_rows() -> None:
    counts = Counter((row[1].partition(".")[0], row[4]) for row in rows())

    told = {row[1]: row.groups()[1:] for row in TOTAL.finditer(PAGE.read_text())}

    assert told == {str(chapter): tuple(str(counts[str(chapter), state]) for state in STATES) for chapter in range(6, 12)}


@pytest.mark.parametrize(
    "sentence",
    [
        "Names and addresses of the user are refused as passwords",
        "A user may have any number of\nsessions",
        "`REFRESH_TOKEN_TTL` (7 d) unused, or 30 days after signing in",
        "Five failures in 15 minutes from one network address",
    ],
)
def test_the_guides_say_what_this_table_leans_on(sentence: str) -> None:
    assert sentence in (ROOT / "docs" / "guides" / "accounts.md").read_text()


def test_the_list_of_common_passwords_is_long_enough() -> None:
    assert len(common_passwords.LIST.read_bytes().splitlines()) >= 3000


async def test_no_password_ends_by_its_age(app: AppClient, application: Application) -> None:
    user = await app.sign_up()
    async with application.unit() as uow:
        await uow.run(CHOSEN, user_id=user.id, moment=clock.now() - timedelta(days=3650))

    assert (await app.sign_in(user.email)).id == user.id


async def test_a_new_installation_has_no_account(application: Application) -> None:
    assert await application.database.begin_reading().value(Statement(select(func.count()).select_from(User), int)) == 0


async def test_no_hint_and_no_secret_question_is_taken(app: AppClient) -> None:
    body = {"email": "ada@example.com", "password": "correct horse battery staple", "name": "Ada"}

    for name in ("passwordHint", "hint", "securityQuestion", "securityAnswer"):
        assert (await app.post("/api/v1/auth/register", json=body | {name: "x"})).status_code == 422


async def test_refresh_tokens_are_long_and_never_the_same(app: AppClient) -> None:
    user = await app.sign_up()
    tokens = {(await app.sign_in(user.email)).refresh_token for _ in range(8)} | {user.refresh_token}

    assert len(tokens) == 9
    assert all(re.fullmatch(r"[0-9a-f]{128}", token) for token in tokens)
    assert len({token[:8] for token in tokens}) == 9


USES_KEYS = re.compile(r"^(from|import) (cryptography|joserfc|argon2|bcrypt|hmac)\b|\b(derived_key|Signer|Cipher)\(", re.M)


def sources() -> list[Path]:
    """What runs in production."""
    return [path for path in SOURCE.rglob("*.py") if "testing" not in path.relative_to(SOURCE).parts]


def test_every_use_of_a_key_is_in_the_inventory() -> None:
    page = CRYPTOGRAPHY.read_text()

    using = [str(path.relative_to(SOURCE)) for path in sources() if USES_KEYS.search(path.read_text())]

    assert len(using) > 10
    assert [name for name in using if f"[{name}](../../src/mainspring/{name})" not in page] == []
    assert all((CRYPTOGRAPHY.parent / link).exists() for link in re.findall(r"\]\(([^)]+\.py)\)", page))


def test_only_known_libraries_do_cryptography() -> None:
    others = re.compile(r"^(?:from|import) (Crypto|Cryptodome|nacl|rsa|jwt|jose|passlib|itsdangerous|OpenSSL)\b", re.M)

    assert [str(path) for path in sources() if others.search(path.read_text())] == []


def test_no_weak_algorithm_is_named() -> None:
    weak = re.compile(r"\b(md5|MD5|sha1|SHA1|ECB|RC4|ARC4|TripleDES|Blowfish)\b|\bPKCS1v15\(\).*encrypt|encrypt\(.*PKCS1v15")

    named = [path.name for path in sources() if weak.search(path.read_text())]

    # PBKDF2-SHA-1 of other systems, checked once and then replaced; the hashes in which lists of breached passwords come
    assert sorted(named) == ["breach_file.py", "foreign_hashes.py"]
