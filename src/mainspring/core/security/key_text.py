"""The text of an API key (R-099): a readable beginning, the key's id, 256 random bits, and a checksum.

`msk_live_<22 characters of the id>_<43 of the secret><6 of the checksum>`; a key made outside of production begins with
`msk_test_`. The checksum is CRC-32 over everything before it: a slip of the hand and a cut-off text are refused without a
question to the database, and a scanner for leaked secrets finds few that are none. It proves nothing; the secret does.
"""

import hashlib
import re
import secrets
from datetime import datetime
from hmac import compare_digest
from typing import TYPE_CHECKING
from uuid import UUID
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Mapping

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
VALUE_OF = {digit: value for value, digit in enumerate(DIGITS.encode())}
SECRET_BITS = 256
ID_LENGTH, SECRET_LENGTH, CHECKSUM_LENGTH = 22, 43, 6  # the fewest of 62 digits that hold 128, 256 and 32 bits
LIVE, TEST = "msk_live_", "msk_test_"
FORM = re.compile(rb"msk_(?:live|test)_([0-9A-Za-z]{22})_[0-9A-Za-z]{43}[0-9A-Za-z]{6}")


def make(key_id: UUID, *, live: bool) -> str:
    """A new text that opens the key. It is stored nowhere: hand it over now."""
    secret = _written(secrets.randbits(SECRET_BITS), SECRET_LENGTH)
    body = f"{beginning(key_id, live=live)}_{secret}"
    return body + _checksum(body.encode())


def beginning(key_id: UUID, *, live: bool) -> str:
    """What of the text may be shown later, to find the key again."""
    return (LIVE if live else TEST) + _written(key_id.int, ID_LENGTH)


def id_of(text: bytes, *, live: bool) -> UUID | None:
    """The id in the text of a key; None when it has another form, a wrong checksum, or was made for another kind of place."""
    found = FORM.fullmatch(text)
    if found is None or text.startswith(LIVE.encode()) != live:
        return None
    body, checksum = text[:-CHECKSUM_LENGTH], text[-CHECKSUM_LENGTH:]
    if _checksum(body).encode() != checksum:
        return None
    number = _read(found[1])
    return UUID(int=number) if number < 2**128 else None


def hash_of(text: bytes) -> str:
    """SHA-256 in hexadecimal. The text holds 256 random bits, so no salt and no slow hash are needed."""
    return hashlib.sha256(text).hexdigest()


def end_of(text: bytes, hashes: "Mapping[str, datetime]") -> datetime | None:
    """When the text ends that has one of these hashes; None when it has none. As slow for each."""
    mine, end = hash_of(text), None
    for one, until in hashes.items():
        if compare_digest(one, mine):
            end = until
    return end


def _checksum(body: bytes) -> str:
    return _written(crc32(body), CHECKSUM_LENGTH)


def _written(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, rest = divmod(number, 62)
        digits.append(DIGITS[rest])
    return "".join(reversed(digits))


def _read(text: bytes) -> int:
    number = 0
    for digit in text:
        number = number * 62 + VALUE_OF[digit]
    return number
