"""Access tokens: RS256 JWTs of RFC 9068, checked more strictly than libraries do (D-02, D-08, D-09, RFC 8725).

The library proves the signature. Everything before and after it is checked here, because libraries accept padded base64url,
doubled members, unknown headers and tokens without an end.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jiter
from joserfc import jws, jwt
from joserfc.errors import JoseError

from .. import clock, ids
from ..module import BootRefused
from .keys import KeyRing
from .refusals import TokenExpired, TokenForged, TokenInvalid

TYPE = "at+jwt"  # RFC 9068 2.1; other kinds of tokens never carry it
HEADER = {"alg", "typ", "kid"}  # what we write is all that we read: no jwk, jku, x5u, x5c, crit, zip, cty
LONGEST_TOKEN = 8192  # bytes
LONGEST_LIFE = timedelta(minutes=60)  # D-01
CLOCK_SKEW = 5  # seconds that another machine's clock may run ahead of ours
LONGEST_SCOPE = 4000  # characters
OPTIONAL_CLAIMS = frozenset({"roles", "permissions", "email"})

FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
TOKEN_ID = re.compile(r"[0-9a-f]{32}")
UUID_FORM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token just issued. `expires_in` is in seconds (R-083)."""

    text: str
    id: str
    expires_at: datetime
    expires_in: int


@dataclass(frozen=True, slots=True)
class ForClient:
    """The OAuth client that a token was issued to, and what it may do with it (RFC 9068 2.2)."""

    id: str
    scopes: frozenset[str]
    key_thumbprint: str | None = None  # of the key without whose proof the token opens nothing (RFC 9449 6.1)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says. Roles and permissions inside a token are hints for clients and never read (D-22)."""

    user_id: UUID
    session_id: UUID
    token_id: str
    expires_at: datetime
    client: ForClient | None = None


class AccessTokens:
    """Issues and verifies access tokens. `epoch` grows when the keys change; whoever remembers verified tokens compares it.

    Keys that are kept in the database are not known before the application has started; `use` gives them.
    """

    def __init__(
        self,
        keys: KeyRing | None,
        *,
        issuer: str,
        audience: str,
        ttl: timedelta = timedelta(minutes=15),
        claims: Iterable[str] = ("roles",),
    ) -> None:
        if not issuer or not audience:
            raise BootRefused("JWT_ISSUER and JWT_AUDIENCE must not be empty.")
        if not timedelta(minutes=1) <= ttl <= LONGEST_LIFE:
            raise BootRefused("ACCESS_TOKEN_TTL must lie between 1m and 60m.")
        self.claims = frozenset(claims)
        if unknown := self.claims - OPTIONAL_CLAIMS:
            raise BootRefused(f"JWT_CLAIMS names {', '.join(sorted(unknown))}; it may name roles, permissions and email.")
        self._keys, self.issuer, self.audience, self.ttl = keys, issuer, audience, ttl
        self.epoch = 0

    @property
    def keys(self) -> KeyRing:
        """The ring of now. Raises RuntimeError before there is one."""
        if self._keys is None:
            raise RuntimeError("token keys are known once the application has started")
        return self._keys

    def use(self, keys: KeyRing) -> None:
        """Change to another key ring; tokens of keys that are in none of its places stop at once."""
        self._keys = keys
        self.epoch += 1

    def issue(
        self,
        user_id: UUID,
        session_id: UUID,
        *,
        roles: Iterable[str] = (),
        permissions: Iterable[str] = (),
        email: str = "",
        client: ForClient | None = None,
        actor_id: UUID | None = None,
        life: timedelta | None = None,
    ) -> AccessToken:
        """A new token of the session. Signing takes about 0.8 ms of CPU, so do it before a unit of work or after.

        That of a `client` names it and its scopes, and holds no hints: what it may do is no business of the client.
        `actor_id` is who acts as the user (RFC 8693 4.1). Without `life` it lives as long as tokens usually do.
        """
        issued = int(clock.now().timestamp())
        lifetime = int(min(life or self.ttl, LONGEST_LIFE).total_seconds())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": str(user_id),
            "jti": ids.secret(16),
            "sid": str(session_id),
            "iat": issued,
            "nbf": issued,
            "exp": issued + lifetime,
        }
        claims |= {"act": {"sub": str(actor_id)}} if actor_id else {}
        hints = {"roles": sorted(roles), "permissions": sorted(permissions), "email": email}
        if client is None:
            claims |= {name: hints[name] for name in sorted(self.claims)}
        else:
            claims |= {"client_id": client.id, "scope": " ".join(sorted(client.scopes))}
            claims |= {"cnf": {"jkt": client.key_thumbprint}} if client.key_thumbprint else {}
        text = self._sign(claims)
        if len(text) > LONGEST_TOKEN:
            text = self._sign({name: value for name, value in claims.items() if name not in OPTIONAL_CLAIMS})
        return AccessToken(text, claims["jti"], datetime.fromtimestamp(claims["exp"], UTC), lifetime)

    def verify(self, token: str | bytes) -> Claims:
        """The claims of a token that we issued, for us, that is valid now. Raises TokenInvalid or TokenExpired, nothing else."""
        text = token.decode("latin-1") if isinstance(token, bytes) else token
        if len(text) > LONGEST_TOKEN or not FORM.fullmatch(text):
            raise TokenInvalid
        header, payload, _ = (_decoded(part) for part in text.split("."))
        self._check_signature(text, _object(header))
        return self._checked(_object(payload))

    def _sign(self, claims: dict[str, Any]) -> str:
        header = {"alg": self.keys.algorithm, "typ": TYPE, "kid": self.keys.signing_id}
        return jwt.encode(header, claims, self.keys.signing, algorithms=[self.keys.algorithm])

    def _check_signature(self, text: str, header: Mapping[str, Any]) -> None:
        if header.keys() != HEADER or header["typ"] != TYPE or not isinstance(header["kid"], str):
            raise TokenInvalid
        known = self.keys.verifying(header["kid"])
        if known is None or header["alg"] != known[1]:
            raise TokenInvalid
        try:
            jws.deserialize_compact(text, known[0], algorithms=[known[1]])
        except (JoseError, ValueError, TypeError) as wrong:
            raise TokenForged from wrong

    def _checked(self, claims: Mapping[str, Any]) -> Claims:
        if claims.get("iss") != self.issuer or claims.get("aud") != self.audience:
            raise TokenInvalid
        issued, not_before, expires = (_moment(claims.get(name)) for name in ("iat", "nbf", "exp"))
        if not 0 < expires - issued <= LONGEST_LIFE.total_seconds():
            raise TokenInvalid
        now = clock.now().timestamp()
        if max(issued, not_before) > now + CLOCK_SKEW:
            raise TokenInvalid
        token_id = claims.get("jti")
        if not isinstance(token_id, str) or not TOKEN_ID.fullmatch(token_id):
            raise TokenInvalid
        user_id, session_id = _uuid(claims.get("sub")), _uuid(claims.get("sid"))
        verified = Claims(user_id, session_id, token_id, datetime.fromtimestamp(expires, UTC), _client(claims))
        if expires <= now:
            raise TokenExpired
        return verified


def _client(claims: Mapping[str, Any]) -> ForClient | None:
    """The client of a token: both of its claims are there, or neither."""
    if not {"client_id", "scope", "cnf"} & claims.keys():
        return None
    client_id, scope = claims.get("client_id"), claims.get("scope")
    if not isinstance(client_id, str) or not client_id or not isinstance(scope, str) or len(scope) > LONGEST_SCOPE:
        raise TokenInvalid
    return ForClient(client_id, frozenset(scope.split()), _thumbprint(claims["cnf"]) if "cnf" in claims else None)


def _thumbprint(bound_to: object) -> str:
    thumbprint = bound_to.get("jkt") if isinstance(bound_to, dict) and len(bound_to) == 1 else None
    if not isinstance(thumbprint, str) or not THUMBPRINT.fullmatch(thumbprint):
        raise TokenInvalid
    return thumbprint


def _decoded(part: str) -> bytes:
    """The bytes of unpadded base64url in its one canonical spelling (RFC 7515 2, RFC 4648 3.5)."""
    if len(part) % 4 == 1:
        raise TokenInvalid
    raw = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if urlsafe_b64encode(raw).rstrip(b"=") != part.encode("latin-1"):
        raise TokenInvalid
    return raw


def _object(raw: bytes) -> Mapping[str, Any]:
    try:
        value = jiter.from_json(raw, allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError as wrong:
        raise TokenInvalid from wrong
    if not isinstance(value, dict):
        raise TokenInvalid
    return value


def _moment(value: object) -> int:
    if type(value) is not int or not 0 < value < 2**40:
        raise TokenInvalid
    return value


def _uuid(value: object) -> UUID:
    if not isinstance(value, str) or not UUID_FORM.fullmatch(value):
        raise TokenInvalid
    return UUID(value)
