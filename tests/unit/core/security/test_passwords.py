"""Hashing and checking of passwords (R-049 to R-052, D-10, D-11, ASVS 6.2.8, 11.4.2)."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import argon2
import bcrypt
import pytest

from mainspring.core.errors import Invalid
from mainspring.core.security import passwords as passwords_file
from mainspring.core.security.argon2id import Argon2Cost
from mainspring.core.security.hashing_slots import HashingSlots
from mainspring.core.security.passwords import PRESETS, Passwords, Verdict

CHEAP = Argon2Cost(1024, 1, 2)
PASSWORD = "correct horse battery staple"


@pytest.fixture
def slots(tmp_path: Path) -> Iterator[HashingSlots]:
    slots = HashingSlots(tmp_path)
    yield slots
    slots.stop()


@pytest.fixture
def passwords(slots: HashingSlots) -> Passwords:
    return Passwords(slots, CHEAP)


async def test_the_default_is_argon2id_with_64_mib_3_passes_4_lanes(slots: HashingSlots) -> None:
    stored = await Passwords(slots).hash(PASSWORD)

    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert argon2.PasswordHasher().verify(stored, PASSWORD)  # any other program reads it


async def test_hashes_of_the_library_are_ours_too(passwords: Passwords) -> None:
    stored = argon2.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=2).hash(PASSWORD)

    assert await passwords.verify(PASSWORD, stored) == Verdict(matches=True)


async def test_each_hash_has_its_own_salt(passwords: Passwords) -> None:
    assert await passwords.hash(PASSWORD) != await passwords.hash(PASSWORD)


@pytest.mark.parametrize(
    ("password", "almost"),
    [
        ("x" * 128, "x" * 127),
        ("x" * 72 + "a", "x" * 72 + "b"),
        (" spaces ", "spaces"),
        ("Case", "case"),
        ("e\u0301", "\u00e9"),
        ("nul\0byte", "nul\0bite"),
        ("пароль", "пароли"),
    ],
)
async def test_every_character_counts(passwords: Passwords, password: str, almost: str) -> None:
    stored = await passwords.hash(password)

    assert await passwords.verify(password, stored) == Verdict(matches=True)
    assert await passwords.verify(almost, stored) == Verdict(matches=False)


async def test_a_broken_character_is_refused(passwords: Passwords) -> None:
    with pytest.raises(Invalid):
        await passwords.hash("half \ud800 pair")


async def test_another_cost_is_outdated(passwords: Passwords, slots: HashingSlots) -> None:
    stored = await Passwords(slots, Argon2Cost(2048, 1, 2)).hash(PASSWORD)

    assert await passwords.verify(PASSWORD, stored) == Verdict(matches=True, outdated=True)
    assert await passwords.verify("wrong", stored) == Verdict(matches=False)


async def test_nobody_is_checked_at_the_same_cost_as_somebody(passwords: Passwords) -> None:
    stored = await passwords.hash(PASSWORD)

    with mock.patch.object(passwords_file, "matches", return_value=True) as check:
        answer = await passwords.verify(PASSWORD, None)
        await passwords.verify(PASSWORD, stored)

    assert answer == Verdict(matches=False)
    (of_nobody, of_somebody) = (call.args[1] for call in check.call_args_list)
    assert of_nobody.split("$")[:4] == of_somebody.split("$")[:4]
    assert list(map(len, of_nobody.split("$"))) == list(map(len, of_somebody.split("$")))


def scrypt(n: int, r: int, p: int, length: int = 64) -> bytes:
    return hashlib.scrypt(PASSWORD.encode(), salt=b"seasoning", n=n, r=r, p=p, dklen=length)


def pbkdf2(name: str) -> bytes:
    return hashlib.pbkdf2_hmac(name, PASSWORD.encode(), b"seasoning", 1000)


def text(raw: bytes) -> str:
    return b64encode(raw).rstrip(b"=").decode()


FOREIGN = {
    "bcrypt 2b": bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode(),
    "bcrypt 2a": bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4, b"2a")).decode(),
    "bcrypt 2y": bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode().replace("$2b$", "$2y$"),
    "scrypt of PHC": f"$scrypt$ln=10,r=8,p=1${text(b'seasoning')}${text(scrypt(1024, 8, 1))}",
    "scrypt of Werkzeug": f"scrypt:1024:8:1$seasoning${scrypt(1024, 8, 1).hex()}",
    "scrypt of Django": f"scrypt$1024$seasoning$8$1${b64encode(scrypt(1024, 8, 1)).decode()}",
    "PBKDF2 of passlib": f"$pbkdf2-sha512$1000${text(b'seasoning')}${text(pbkdf2('sha512'))}".replace("+", "."),
    "PBKDF2 of Django": f"pbkdf2_sha256$1000$seasoning${b64encode(pbkdf2('sha256')).decode()}",
    "PBKDF2 of Werkzeug": f"pbkdf2:sha256:1000$seasoning${pbkdf2('sha256').hex()}",
    "Argon2i": argon2.PasswordHasher(1, 1024, 1, type=argon2.Type.I).hash(PASSWORD),
}


@pytest.mark.parametrize("system", FOREIGN)
async def test_hashes_of_other_systems_match_and_are_outdated(passwords: Passwords, system: str) -> None:
    assert await passwords.verify(PASSWORD, FOREIGN[system]) == Verdict(matches=True, outdated=True)
    assert await passwords.verify(PASSWORD + "x", FOREIGN[system]) == Verdict(matches=False)
    assert await passwords.verify("", FOREIGN[system]) == Verdict(matches=False)


async def test_bcrypt_reads_72_bytes_and_longer_passwords_are_no_error(passwords: Passwords) -> None:
    stored = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()

    assert (await passwords.verify("x" * 100, stored)).matches


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "plain text",
        "$argon2id$",
        "$argon2id$v=19$m=1024,t=1,p=1$c2FsdA$",
        "$argon2id$v=19$m=1024,t=1,p=1$!!!!$????",
        "$argon2id$v=19$m=99999999999,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHQ",
        "$2b$99$" + "a" * 53,
        "$2b$04$short",
        f"$scrypt$ln=40,r=8,p=1${text(b'seasoning')}${text(b'digest')}",
        "scrypt:1023:8:1$seasoning$00",
        "pbkdf2:sha256:99999999$seasoning$00",
        "pbkdf2:sha256:0$seasoning$00",
        "pbkdf2:md5:1000$seasoning$00",
        "\ud800",
    ],
)
async def test_a_damaged_or_absurd_hash_matches_nothing(passwords: Passwords, stored: str) -> None:
    assert await passwords.verify(PASSWORD, stored) == Verdict(matches=False)


def test_every_preset_lies_above_the_floor() -> None:  # ASVS 11.4.2, appendix C
    for cost in PRESETS.values():
        floor = {1: 46, 2: 19}.get(cost.passes, 12) * 1024
        assert cost.memory_kib >= floor
