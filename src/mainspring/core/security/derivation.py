"""One secret, many keys: each purpose gets its own by HKDF-SHA-256 (RFC 5869), so none can stand in for another."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
PRODUCT = b"mainspring/"  # keeps our keys apart from those of another program fed with the same secret


def derived_key(secret: bytes, purpose: str) -> bytes:
    """The 256-bit key of the purpose. The secret must be random, at least 16 bytes; for passwords this is the wrong function."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=PRODUCT + purpose.encode()).derive(secret)
