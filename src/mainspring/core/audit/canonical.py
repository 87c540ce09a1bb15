"""The text of a row that its hash is made of, and the hash (docs/guides/audit.md has both in words).

The text is JSON with sorted keys and no spaces, as `json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)`
writes it. It is made from what the database holds and not from what a reader understands, so that every changed byte changes it:
two spellings of one moment or one id are two texts. What cannot be understood stands as `["odd", "<what it is>"]`.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from hashlib import sha256
from types import MappingProxyType
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select

from ..database.as_stored import AsStored
from ..database.building import uuid_of
from ..database.compiling import DialectName
from .models import AuditEntry

BEGINNING = bytes(32)  # what the first row is tied to
FRACTION = re.compile(rb"[0-9][.eE][0-9+-]")  # also in texts, so what has one is looked at
LARGEST, SMALLEST = 2**64, -(2**63)  # whole numbers beyond are left to the slower library


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row as the database keeps it: text on PostgreSQL, on SQLite bytes, or text where somebody stored a BLOB."""

    id: Any
    user_id: Any
    action: Any
    resource: Any
    resource_id: Any
    changes: Any
    ip_address: Any
    user_agent: Any
    request_id: Any
    tenant: Any
    created_at: Any
    seq: Any
    hash: Any


STORED = select(
    *(
        getattr(AuditEntry, field.name)
        if field.name in ("seq", "hash")
        else AsStored(getattr(AuditEntry, field.name), field.name).label(field.name)
        for field in fields(StoredRow)
    )
)


def link(previous: bytes, text: bytes) -> bytes:
    """The hash that ties a row to the one before: SHA-256 of the previous hash in hexadecimal, then the text."""
    return sha256(previous.hex().encode() + text).digest()


def canonical(row: StoredRow, seq: int, dialect: DialectName) -> bytes:
    """The text of the row at a place of its chain."""
    text_of, id_of, moment_of, json_of = READERS[dialect]
    changes, is_plain = (None, True) if row.changes is None else json_of(row.changes)
    whole = {
        "action": text_of(row.action),
        "changes": changes,
        "createdAt": moment_of(row.created_at),
        "id": id_of(row.id),
        "ipAddress": text_of(row.ip_address),
        "requestId": text_of(row.request_id),
        "resource": text_of(row.resource),
        "resourceId": text_of(row.resource_id),
        "seq": seq,
        "tenant": id_of(row.tenant),
        "userAgent": text_of(row.user_agent),
        "userId": id_of(row.user_id),
    }
    if is_plain:
        return orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)
    return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def id_text(value: Any, dialect: DialectName) -> str | None:
    """The stored id as the database knows it; None for one that is no text."""
    if dialect == "postgresql":
        return str(value)
    try:
        return value.decode() if type(value) is bytes else None
    except UnicodeDecodeError:
        return None


def id_of(value: Any, dialect: DialectName) -> UUID | None:
    """The stored id as a UUID; None for none, and for one that is spelt as we spell none."""
    if value is None or dialect == "postgresql":
        return None if value is None else UUID(value)
    try:
        text = value.decode()
        found = uuid_of(text)
    except (ValueError, AttributeError):
        return None
    return found if found.hex == text else None


def _odd(value: Any) -> list[str]:
    return ["odd", value.hex() if isinstance(value, bytes) else str(value)]


def _text_of_bytes(value: Any) -> Any:
    if value is None:
        return None
    try:
        return value.decode() if type(value) is bytes else _odd(value)
    except UnicodeDecodeError:
        return _odd(value)


def _as_it_is(value: Any) -> Any:
    return value


def _id_of_hex(value: Any) -> Any:
    """Thirty-two digits with dashes between; whether they are digits does not matter to a hash."""
    if value is None:
        return None
    if type(value) is not bytes or len(value) != 32 or not value.isascii():
        return _odd(value)
    text = value.decode()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _iso_moment(value: Any) -> Any:
    """`2026-07-01T12:00:00.123456+00:00` with a Z; the fraction is missing where it is zero."""
    if type(value) is bytes and value.endswith(b"+00:00") and value.isascii():
        text = value.decode()
        if len(text) == 32 and text[19:26] != ".000000":
            return f"{text[:26]}Z"
        if len(text) == 25:
            return f"{text[:19]}.000000Z"
    return _odd(value)


def _postgresql_moment(value: Any) -> Any:
    """`2026-07-01 12:00:00.1234+00`: the server cuts zeros at the end of the fraction."""
    head, plus, zone = str(value).partition("+")
    seconds, _, fraction = head.partition(".")
    if not plus or zone != "00" or len(seconds) != 19:
        return _odd(value)
    return f"{seconds[:10]}T{seconds[11:]}.{fraction:0<6}Z"


def _json_of_bytes(value: Any) -> tuple[Any, bool]:
    """What the JSON says, if it is spelt as we spell it, and whether the fast library writes it as the standard one does."""
    if type(value) is not bytes:
        return _odd(value), True
    try:
        read = orjson.loads(value)
    except orjson.JSONDecodeError:
        return _odd(value), True
    if read is None or orjson.dumps(read) != value:
        return _odd(value), True
    return read, FRACTION.search(value) is None or _is_plain(read)


def _json_of_text(value: Any) -> tuple[Any, bool]:
    """As above for the text of `jsonb`, which has one spelling but for the digits of fractions."""
    read = orjson.loads(value)
    if read is None:
        return _odd(value), True
    if _is_plain(read):
        return read, True
    try:
        return json.loads(value, parse_float=_exact), False
    except ValueError:
        return _odd(value), True


def _exact(digits: str) -> float:
    """The fraction, if these are the fewest digits that say it: any others were not written by us. Raises ValueError."""
    read = float(digits)
    if format(Decimal(repr(read)), "f") != digits:
        raise ValueError("more digits than the number has")
    return read


def _is_plain(value: Any) -> bool:
    kind = type(value)
    if kind is dict:
        return all(_is_plain(item) for item in value.values())
    if kind is list:
        return all(_is_plain(item) for item in value)
    return kind is not float and (kind is not int or SMALLEST <= value < LARGEST)


READERS: Mapping[DialectName, tuple[Callable[[Any], Any], ...]] = MappingProxyType(
    {
        "sqlite": (_text_of_bytes, _id_of_hex, _iso_moment, _json_of_bytes),
        "postgresql": (_as_it_is, _as_it_is, _postgresql_moment, _json_of_text),
    }
)
