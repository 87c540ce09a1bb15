"""Password hashes of imported users: bcrypt, scrypt and PBKDF2 as other systems write them (R-050, D-10).

All are checked in constant time and replaced at the next login.
"""

import binascii
import hashlib
import hmac
import re
from base64 import b64decode
from collections.abc import Callable

import bcrypt

BCRYPT_BYTES = 72  # bcrypt reads no more, and bcrypt 5 raises on longer passwords
LARGEST_SCRYPT_MEMORY = 256 * 1024 * 1024
MOST_ITERATIONS = 10_000_000


def is_foreign(stored: str) -> bool:
    """Whether the hash is one of those that this file reads."""
    return any(form.fullmatch(stored) for form, _ in FORMS)


def matches_foreign(secret: bytes, stored: str) -> bool:
    """Whether the password is the one behind the hash; False for a hash that is damaged or absurdly costly."""
    for form, check in FORMS:
        if found := form.fullmatch(stored):
            try:
                return check(secret, found)
            except (ValueError, binascii.Error, OverflowError):
                return False
    return False


def _bcrypt(secret: bytes, found: re.Match[str]) -> bool:
    return bcrypt.checkpw(secret[:BCRYPT_BYTES], found[0].encode())


def _scrypt_phc(secret: bytes, found: re.Match[str]) -> bool:
    cost = 2 ** int(found["ln"])
    return _scrypt(secret, _base64(found["salt"]), cost, int(found["r"]), int(found["p"]), _base64(found["digest"]))


def _scrypt_werkzeug(secret: bytes, found: re.Match[str]) -> bool:
    digest = bytes.fromhex(found["digest"])
    return _scrypt(secret, found["salt"].encode(), int(found["n"]), int(found["r"]), int(found["p"]), digest)


def _scrypt_django(secret: bytes, found: re.Match[str]) -> bool:
    return _scrypt(secret, found["salt"].encode(), int(found["n"]), int(found["r"]), int(found["p"]), _base64(found["digest"]))


def _scrypt(secret: bytes, salt: bytes, n: int, r: int, p: int, digest: bytes) -> bool:
    if n > 2**24 or 128 * n * r > LARGEST_SCRYPT_MEMORY or p > 16:
        return False
    computed = hashlib.scrypt(secret, salt=salt, n=n, r=r, p=p, maxmem=2 * LARGEST_SCRYPT_MEMORY, dklen=len(digest))
    return hmac.compare_digest(computed, digest)


def _pbkdf2_phc(secret: bytes, found: re.Match[str]) -> bool:
    return _pbkdf2(secret, found["hash"], _base64(found["salt"]), int(found["rounds"]), _base64(found["digest"]))


def _pbkdf2_django(secret: bytes, found: re.Match[str]) -> bool:
    return _pbkdf2(secret, found["hash"], found["salt"].encode(), int(found["rounds"]), _base64(found["digest"]))


def _pbkdf2_werkzeug(secret: bytes, found: re.Match[str]) -> bool:
    return _pbkdf2(secret, found["hash"], found["salt"].encode(), int(found["rounds"]), bytes.fromhex(found["digest"]))


def _pbkdf2(secret: bytes, name: str, salt: bytes, rounds: int, digest: bytes) -> bool:
    if not 0 < rounds <= MOST_ITERATIONS or not digest:
        return False
    return hmac.compare_digest(hashlib.pbkdf2_hmac(name, secret, salt, rounds, len(digest)), digest)


def _base64(text: str) -> bytes:
    """Standard base64 with or without padding; `.` for `+` as passlib writes it."""
    return b64decode(text.replace(".", "+") + "=" * (-len(text) % 4), validate=True)


_B64 = r"[A-Za-z0-9+/.]+={0,2}"
_SHA = r"(?P<hash>sha1|sha256|sha512)"
FORMS: tuple[tuple[re.Pattern[str], Callable[[bytes, re.Match[str]], bool]], ...] = (
    (re.compile(r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}"), _bcrypt),
    (
        re.compile(
            rf"\$scrypt\$ln=(?P<ln>\d{{1,2}}),r=(?P<r>\d{{1,3}}),p=(?P<p>\d{{1,3}})\$(?P<salt>{_B64})\$(?P<digest>{_B64})"
        ),
        _scrypt_phc,
    ),
    (
        re.compile(r"scrypt:(?P<n>\d{1,9}):(?P<r>\d{1,3}):(?P<p>\d{1,3})\$(?P<salt>[^$]+)\$(?P<digest>[0-9a-f]+)"),
        _scrypt_werkzeug,
    ),
    (
        re.compile(rf"scrypt\$(?P<n>\d{{1,9}})\$(?P<salt>[^$]+)\$(?P<r>\d{{1,3}})\$(?P<p>\d{{1,3}})\$(?P<digest>{_B64})"),
        _scrypt_django,
    ),
    (re.compile(rf"\$pbkdf2-{_SHA}\$(?P<rounds>\d{{1,8}})\$(?P<salt>{_B64})\$(?P<digest>{_B64})"), _pbkdf2_phc),
    (re.compile(rf"pbkdf2_{_SHA}\$(?P<rounds>\d{{1,8}})\$(?P<salt>[^$]+)\$(?P<digest>{_B64})"), _pbkdf2_django),
    (re.compile(rf"pbkdf2:{_SHA}:(?P<rounds>\d{{1,8}})\$(?P<salt>[^$]+)\$(?P<digest>[0-9a-f]+)"), _pbkdf2_werkzeug),
)
