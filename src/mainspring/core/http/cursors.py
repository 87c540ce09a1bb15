"""Signed cursors: where a slice of a list starts. Anybody can read one, nobody can make one (R-215, API.md)."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import blake2b
from hmac import compare_digest
from typing import TYPE_CHECKING

import orjson
from pydantic import SecretStr

from ..errors import Invalid

if TYPE_CHECKING:
    from ..database import Position

MAC_BYTES = 16


class CursorRefused(Invalid):
    """The cursor is not one of ours, or belongs to another list."""

    message = "The cursor is not valid."

    def __init__(self) -> None:
        super().__init__(details=[{"field": "cursor", "message": "Cursor is not valid", "code": "cursor_invalid"}])


class Cursors:
    """Writes cursors with the first secret and reads those of every secret, so that one can be replaced."""

    def __init__(self, secrets: Sequence[SecretStr]) -> None:
        self._keys = [blake2b(b"mainspring.cursor", key=_short(secret)).digest() for secret in secrets]

    def write(self, position: "Position") -> str:
        """The cursor for a position."""
        payload = orjson.dumps(position)
        return urlsafe_b64encode(self._mac(self._keys[0], payload) + payload).rstrip(b"=").decode()

    def read(self, cursor: str) -> "Position":
        """The position of a cursor. Raises CursorRefused."""
        try:
            raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        except (UnicodeEncodeError, binascii.Error):
            raise CursorRefused() from None
        mac, payload = raw[:MAC_BYTES], raw[MAC_BYTES:]
        if not any(compare_digest(mac, self._mac(key, payload)) for key in self._keys):
            raise CursorRefused()
        return tuple(orjson.loads(payload))

    @staticmethod
    def _mac(key: bytes, payload: bytes) -> bytes:
        return blake2b(payload, key=key, digest_size=MAC_BYTES).digest()  # RFC 7693 2.9


def _short(secret: SecretStr) -> bytes:
    return blake2b(secret.get_secret_value().encode()).digest()  # a key of BLAKE2b has at most 64 bytes
