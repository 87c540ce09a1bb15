"""Secrets of an attempt: random, known to the database as hashes or sealed, compared in constant time."""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode

from mainspring.core.security.cipher import Cipher
from mainspring.core.settings import Settings

SECRET_BYTES = 32
SECRET_FORM = re.compile(r"[A-Za-z0-9_-]{43}")


def new_secret() -> str:
    """32 random bytes in base64url, which is also a good PKCE verifier (RFC 7636 4.1)."""
    return secrets.token_urlsafe(SECRET_BYTES)


def is_secret(text: str | None) -> bool:
    """Whether it has the form of one."""
    return text is not None and SECRET_FORM.fullmatch(text) is not None


def hashed(text: str) -> str:
    """SHA-256 in hexadecimal; 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def is_hash_of(text: str, expected: str) -> bool:
    """Whether the text has that hash."""
    return hmac.compare_digest(hashed(text), expected)


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode("utf-8", "replace")).digest()).rstrip(b"=").decode()


def fits_challenge(verifier: str, challenge: str) -> bool:
    """Whether the verifier belongs to the challenge."""
    return hmac.compare_digest(challenge_of(verifier), challenge)


class Sealed:
    """Text that the database holds sealed: verifiers of attempts, and tokens of providers where they are kept."""

    def __init__(self, settings: Settings, purpose: str) -> None:
        self._cipher = Cipher([key.get_secret_value() for key in settings.encryption_key], f"social.{purpose}")

    def seal(self, text: str, place: str) -> str:
        """The text under the newest key, readable at this place only."""
        return self._cipher.seal(text, bound_to=place)

    def open(self, sealed: str, place: str) -> str:
        """The text. Raises CannotOpen when its key is gone or it was moved."""
        return self._cipher.open(sealed, bound_to=place)
