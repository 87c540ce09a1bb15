"""Breached passwords in a local file of sorted hashes (D-13, ASVS 6.2.12)."""

import hashlib
import random

import pytest

from mainspring.core.errors import Invalid
from mainspring.core.security.breach_file import BreachFile, what_is_wrong
from mainspring.core.security.new_passwords import NewPasswords
from mainspring.core.settings import PasswordSettings

KNOWN = [f"breached password {number}" for number in range(997)]


def sha1(password):
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


@pytest.fixture(params=["{}:{}\r\n", "{}:{}\n", "{}\n", "lower"])
def file(request, tmp_path):
    chance = random.Random(5)
    form = "{}:{}\n" if request.param == "lower" else request.param
    lines = [form.format(sha1(password), 10 ** chance.randrange(9)) for password in KNOWN]
    text = "".join(sorted(lines))
    path = tmp_path / "breached.txt"
    path.write_bytes((text.lower() if request.param == "lower" else text).encode())
    return path


def test_every_password_of_the_file_is_found_and_no_other(file):
    breaches = BreachFile(file)

    assert [password for password in KNOWN if not breaches.knows(password)] == []
    assert [number for number in range(2000) if breaches.knows(f"fresh password {number}")] == []


@pytest.mark.parametrize("size", [1, 2, 3])
def test_small_files_and_a_last_line_without_an_end(tmp_path, size):
    path = tmp_path / "few.txt"
    path.write_text("\n".join(sorted(sha1(password) for password in KNOWN[:size])))

    assert all(BreachFile(path).knows(password) for password in KNOWN[:size])
    assert not any(BreachFile(path).knows(password) for password in KNOWN[size:])


def test_a_file_that_is_right_is_taken(file):
    assert what_is_wrong(file) is None


@pytest.mark.parametrize(
    "content", ["", "password\n", f"{'F' * 40}\n{'0' * 40}\n", f"{'0' * 39}\n", f"{'0' * 40}:many\n", "0" * 4000]
)
def test_a_file_that_is_none_is_told_at_the_boot(tmp_path, content):
    path = tmp_path / "wrong.txt"
    path.write_text(content)

    assert what_is_wrong(path) is not None
    assert what_is_wrong(tmp_path / "missing") == "PASSWORD__BREACH_FILE cannot be read."


async def test_a_breached_password_is_refused_without_being_repeated(file):
    passwords = NewPasswords(PasswordSettings(), breach_file=file)

    await passwords.check("a fresh and long one", about=())
    with pytest.raises(Invalid) as refused:
        await passwords.check(KNOWN[0], about=(), field="newPassword")

    assert [(problem["field"], problem["code"]) for problem in refused.value.details] == [("newPassword", "breached")]
    assert KNOWN[0] not in str(refused.value.details)


@pytest.mark.parametrize("password", ["mainspring", "Mainspring2026", "widgetworks!"])
async def test_words_of_the_installation_are_no_password(password):
    passwords = NewPasswords(PasswordSettings(), ("mainspring", "widgetworks"))

    with pytest.raises(Invalid) as refused:
        await passwords.check(password, about=("ada@example.com", "Ada Lovelace"))

    assert [problem["code"] for problem in refused.value.details] == ["context"]
