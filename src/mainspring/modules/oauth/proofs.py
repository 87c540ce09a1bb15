"""What clients show: secrets, codes and verifiers. Each holds 256 random bits, so one SHA-256 keeps it."""

import hashlib
import re
import secrets
from base64 import urlsafe_b64encode
from hmac import compare_digest

PREFIX = "mcs_"  # so that scanners for leaked secrets know ours
BYTES = 32
USER_CODE_LETTERS, USER_CODE_LENGTH = "BCDFGHJKLMNPQRSTVWXZ", 8  # RFC 8628 6.1: 34 bits, behind a limit on guesses
LONGEST_TYPED = 100
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")  # RFC 7636 4.1
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


def new_secret() -> str:
    """The secret of a client."""
    return PREFIX + secrets.token_urlsafe(BYTES)


def new_code() -> str:
    """An authorization code."""
    return secrets.token_urlsafe(BYTES)


def new_user_code() -> str:
    """What a person reads on one screen and types on another: eight letters that spell no word and are not mistaken."""
    letters = "".join(secrets.choice(USER_CODE_LETTERS) for _ in range(USER_CODE_LENGTH))
    return f"{letters[:4]}-{letters[4:]}"


def user_code_hash(typed: str) -> str:
    """The hash of a user code, however it was typed."""
    return hash_of("".join(sign for sign in typed[:LONGEST_TYPED].upper() if sign in USER_CODE_LETTERS))


def hash_of(text: str) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def is_secret(text: str, stored: str | None) -> bool:
    """Whether the text has this hash, in constant time; nothing has none."""
    return compare_digest(hash_of(text), stored or "") and stored is not None


def is_challenge(text: str) -> bool:
    """Whether this can be the S256 challenge of a verifier."""
    return CHALLENGE.fullmatch(text) is not None


def answers(verifier: str, challenge: str) -> bool:
    """Whether the verifier is the one behind the S256 challenge (RFC 7636 4.6)."""
    return VERIFIER.fullmatch(verifier) is not None and compare_digest(s256(verifier.encode()), challenge)


def s256(raw: bytes) -> str:
    """SHA-256 in base64url without padding."""
    return urlsafe_b64encode(hashlib.sha256(raw).digest()).rstrip(b"=").decode()


def left_half(token: str, algorithm: str) -> str:
    """`at_hash`: the left half of the hash that the algorithm signs with, in base64url (OpenID Connect Core 3.1.3.6)."""
    digest = (hashlib.sha512 if algorithm == "Ed25519" else hashlib.sha256)(token.encode()).digest()
    return urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
