"""Signed cursors: where a keyset page starts, unreadable to nobody but unforgeable (R-215, API.md)."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from hmac import compare_digest
from typing import Any
from uuid import UUID

import orjson
from pydantic import SecretStr

from ..errors import Invalid

MAC_BYTES = 16
Position = tuple[Any, ...]  # Any: the values of the columns that the list is sorted by


class CursorRefused(Invalid):
    """The cursor is not one of ours, or belongs to another list."""

    message = "The cursor is not valid."

    def __init__(self) -> None:
        super().__init__(details=[{"field": "cursor", "message": "Cursor is not valid", "code": "cursor_invalid"}])


class Cursors:
    """Writes cursors with the first secret and reads those of every secret, so that one can be replaced."""

    def __init__(self, secrets: Sequence[SecretStr]) -> None:
        self._keys = [blake2b(b"mainspring.cursor", key=_short(secret)).digest() for secret in secrets]

    def write(self, sort: str, position: Position) -> str:
        """The cursor for a position in a list sorted by `sort`."""
        payload = orjson.dumps([sort, *map(_tagged, position)])
        return urlsafe_b64encode(self._mac(self._keys[0], payload) + payload).rstrip(b"=").decode()

    def read(self, cursor: str) -> tuple[str, Position]:
        """The sort and the position of a cursor. Raises CursorRefused."""
        try:
            raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        except (UnicodeEncodeError, binascii.Error):
            raise CursorRefused() from None
        mac, payload = raw[:MAC_BYTES], raw[MAC_BYTES:]
        if not any(compare_digest(mac, self._mac(key, payload)) for key in self._keys):
            raise CursorRefused()
        sort, *values = orjson.loads(payload)
        return sort, tuple(map(_untagged, values))

    @staticmethod
    def _mac(key: bytes, payload: bytes) -> bytes:
        return blake2b(payload, key=key, digest_size=MAC_BYTES).digest()  # RFC 7693 2.9


def _short(secret: SecretStr) -> bytes:
    return blake2b(secret.get_secret_value().encode()).digest()  # a key of BLAKE2b has at most 64 bytes


def _tagged(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, datetime):
        return {"t": value.isoformat()}
    if isinstance(value, UUID):
        return {"u": value.hex}
    if isinstance(value, Decimal):
        return {"d": str(value)}
    raise TypeError(f"a list cannot be sorted by values of type {type(value).__name__}")


def _untagged(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((tag, text),) = value.items()
    if tag == "t":
        return datetime.fromisoformat(text)
    return UUID(text) if tag == "u" else Decimal(text)
