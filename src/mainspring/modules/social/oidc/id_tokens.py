"""ID tokens, checked more strictly than libraries do (OpenID Connect Core 3.1.3.7, RFC 8725; ASVS 9.1, 9.2, 10.5)."""

import hashlib
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import jiter
from joserfc import jws
from joserfc.errors import JoseError

from mainspring.core import clock
from mainspring.core.observability import get_logger

from ..errors import NotFreshEnough, SignInRefused
from ..secrecy import is_hash_of
from .discovery import TENANT
from .key_sets import ALGORITHMS, KeySet

LONGEST = 16_384  # characters
LONGEST_SUBJECT = 255
CLOCKS_DIFFER = 60  # seconds
FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
HASHES = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512, "EdDSA": hashlib.sha512, "519": hashlib.sha512}

log = get_logger(__name__)
Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Expected:
    """What the ID token of one sign-in must say."""

    nonce_hash: str
    asked_at: datetime
    access_token: str
    max_age: int | None = None
    acr_values: Collection[str] = ()


class IdTokens:
    """Checks the ID tokens of one provider for one client. What is wrong goes to the log, never to the caller."""

    def __init__(self, provider: str, issuer: str, client_id: str, keys: KeySet) -> None:
        self.provider, self.issuer, self.client_id, self.keys = provider, issuer, client_id, keys

    async def verified(self, text: object, expected: Expected) -> Claims:
        """The claims. Raises SignInRefused, NotFreshEnough, and ProviderUnavailable when the keys cannot be had."""
        try:
            algorithm, claims = await signed_claims(text, self.keys, types=(None, "JWT"))
            self._check(claims, expected, algorithm)
        except Wrong as wrong:
            log.warn("social_id_token_refused", provider=self.provider, reason=str(wrong))
            raise SignInRefused() from None
        if not _is_fresh(claims, expected):
            log.warn("social_id_token_not_fresh", provider=self.provider)
            raise NotFreshEnough()
        return claims

    def _check(self, claims: Claims, expected: Expected, algorithm: str) -> None:
        now = clock.now().timestamp()
        if claims.get("iss") != issuer_of(self.issuer, claims):
            raise Wrong("iss")
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if self.client_id not in audiences or (len(audiences) > 1 and "azp" not in claims):
            raise Wrong("aud")
        if claims.get("azp", self.client_id) != self.client_id:
            raise Wrong("azp")
        if moment_of(claims, "exp") <= now - CLOCKS_DIFFER:
            raise Wrong("exp")
        if not expected.asked_at.timestamp() - CLOCKS_DIFFER <= moment_of(claims, "iat") <= now + CLOCKS_DIFFER:
            raise Wrong("iat")
        if "nbf" in claims and moment_of(claims, "nbf") > now + CLOCKS_DIFFER:
            raise Wrong("nbf")
        nonce = claims.get("nonce")
        if not isinstance(nonce, str) or not is_hash_of(nonce, expected.nonce_hash):
            raise Wrong("nonce")
        if "at_hash" in claims and claims["at_hash"] != _half_hash(expected.access_token, algorithm):
            raise Wrong("at_hash")
        subject_of(claims)


class Wrong(Exception):
    """What is wrong with a token, in one word; for the log."""


async def signed_claims(text: object, keys: KeySet, *, types: Collection[str | None]) -> tuple[str, Claims]:
    """The algorithm and the claims of a token that one of the keys signed. `types` are the `typ` that it may have.

    Raises Wrong, and ProviderUnavailable.
    """
    if not isinstance(text, str) or len(text) > LONGEST or not FORM.fullmatch(text):
        raise Wrong("form")
    head, body, _ = text.split(".")
    header = _object(head)
    algorithm, key_id, kind = header.get("alg"), header.get("kid"), header.get("typ")
    if algorithm not in ALGORITHMS or "crit" in header or not isinstance(key_id, str | None):
        raise Wrong("header")
    if (kind.lower() if isinstance(kind, str) else kind) not in [one and one.lower() for one in types]:
        raise Wrong("typ")
    key = await keys.find(key_id, algorithm)
    if key is None:
        raise Wrong("key")
    try:
        jws.deserialize_compact(text, key, algorithms=[algorithm])
    except (JoseError, ValueError, TypeError):
        raise Wrong("signature") from None
    return algorithm, _object(body)


def payload_of(text: str) -> Claims:
    """What a token says, before anything of it is believed. Raises Wrong."""
    if len(text) > LONGEST or not FORM.fullmatch(text):
        raise Wrong("form")
    return _object(text.split(".")[1])


def issuer_of(issuer: str, claims: Claims) -> str:
    """The issuer that the token must name: where one document speaks for many, that of the token's tenant."""
    if TENANT not in issuer:
        return issuer
    try:
        return issuer.replace(TENANT, str(UUID(str(claims.get("tid")))))
    except ValueError:
        raise Wrong("tid") from None


def subject_of(claims: Claims) -> str:
    """Whom the token is about. Raises Wrong."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= LONGEST_SUBJECT or "\0" in subject:
        raise Wrong("sub")
    return subject


def moment_of(claims: Claims, name: str) -> float:
    """A time in a token, in seconds. Raises Wrong."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 2**40:
        raise Wrong(name)
    return float(value)


def _is_fresh(claims: Claims, expected: Expected) -> bool:
    """Whether the person was asked lately and strongly enough, where that was demanded."""
    if expected.acr_values and claims.get("acr") not in expected.acr_values:
        return False
    if expected.max_age is None:
        return True
    try:
        return moment_of(claims, "auth_time") >= clock.now().timestamp() - expected.max_age - CLOCKS_DIFFER
    except Wrong:
        return False


def _half_hash(access_token: str, algorithm: str) -> str:
    make = next(make for end, make in HASHES.items() if algorithm.endswith(end))
    digest = make(access_token.encode()).digest()
    return urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def _object(part: str) -> Claims:
    try:
        value = jiter.from_json(urlsafe_b64decode(part + "=" * (-len(part) % 4)), allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError:
        raise Wrong("form") from None
    if not isinstance(value, dict):
        raise Wrong("form")
    return value
