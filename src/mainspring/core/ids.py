"""Identifiers: UUIDv7 for rows (RFC 9562), random hexadecimal text for secrets. A v7 id is never a secret."""

import secrets
from uuid import UUID

import uuid_utils
from uuid_utils.compat import uuid7


def new() -> UUID:
    """A new UUIDv7; later ids sort behind earlier ones."""
    return uuid7()


def text() -> str:
    """A new UUIDv7 as text, without the detour over a UUID object."""
    return str(uuid_utils.uuid7())


def secret(length_bytes: int = 32) -> str:
    """Random hexadecimal text of `length_bytes` bytes from the system's generator."""
    return secrets.token_hex(length_bytes)
