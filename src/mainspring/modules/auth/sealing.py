"""Sealing the successor of a refresh token under its parent, so that only whoever holds the parent can read it.

HKDF-SHA256 (RFC 5869) makes the key from the parent token, AES-256-GCM seals; the session id is bound as associated data.
"""

import hashlib
import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PURPOSE = b"mainspring.refresh.successor"
NONCE_BYTES = 12


def token_hash(token: str) -> str:
    """SHA-256 of a token in hexadecimal. The token holds 512 random bits, so no salt and no slow hash are needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def seal(successor: str, parent: str, session_id: UUID) -> bytes:
    """The successor, readable with the parent token only."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(_key(parent)).encrypt(nonce, successor.encode(), session_id.bytes)


def unseal(sealed: bytes, parent: str, session_id: UUID) -> str | None:
    """The successor; None when the text was sealed under another token or session."""
    try:
        return AESGCM(_key(parent)).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], session_id.bytes).decode()
    except InvalidTag:
        return None


def _key(parent: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=PURPOSE).derive(parent.encode())
