"""ID tokens (OpenID Connect Core 2): who signed in, when and how, told to one client. They open nothing here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from joserfc import jws, jwt
from joserfc.errors import JoseError

from mainspring.core import clock, ids
from mainspring.core.security.keys import KeyRing

from .proofs import left_half
from .rows import SendLogout

TYPE, LOGOUT_TYPE = "JWT", "logout+jwt"  # never at+jwt, so that our own verifier refuses one (RFC 9068 4)
LIFE_SECONDS, LOGOUT_LIFE_SECONDS = 300, 120
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
# RFC 8176; how a session was opened -> what `amr` calls it
SINGLE, SECOND = "urn:mainspring:acr:single-factor", "urn:mainspring:acr:two-factor"  # `acr`: what was asked for
METHODS: Mapping[str, str] = MappingProxyType({"password": "pwd", "totp": "otp", "passkey": "hwk"})


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a client is told about a sign-in."""

    user_id: UUID
    session_id: UUID
    client_id: str
    authenticated_at: datetime
    method: str
    second_factor: str | None
    nonce: str | None
    access_token: str


class IdTokens:
    """Signs ID tokens with the key that signs access tokens."""

    def __init__(self, keys: KeyRing, issuer: str) -> None:
        self.keys, self.issuer = keys, issuer

    def sign(self, told: SignIn) -> str:
        """An ID token; about 0.8 ms of processor time."""
        issued = int(clock.now().timestamp())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": str(told.user_id),
            "sid": str(told.session_id),
            "aud": told.client_id,
            "iat": issued,
            "exp": issued + LIFE_SECONDS,
            "auth_time": int(told.authenticated_at.timestamp()),
            "acr": SECOND if told.second_factor or told.method == "passkey" else SINGLE,
            "amr": _amr(told.method, told.second_factor),
            "at_hash": left_half(told.access_token, self.keys.algorithm),
        }
        if told.nonce is not None:
            claims["nonce"] = told.nonce
        return self._signed(TYPE, claims)

    def sign_logout(self, order: SendLogout) -> str:
        """A logout token: this sign-in is over (OpenID Connect Back-Channel Logout 1.0, 2.4). Each has a `jti` of its own."""
        issued = int(clock.now().timestamp())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": str(order.user_id),
            "sid": str(order.session_id),
            "aud": str(order.client_id),
            "iat": issued,
            "exp": issued + LOGOUT_LIFE_SECONDS,
            "jti": str(ids.new()),
            "events": {LOGOUT_EVENT: {}},
        }
        return self._signed(LOGOUT_TYPE, claims)

    def _signed(self, kind: str, claims: dict[str, Any]) -> str:
        header = {"alg": self.keys.algorithm, "typ": kind, "kid": self.keys.signing_id}
        return jwt.encode(header, claims, self.keys.signing, algorithms=[self.keys.algorithm])

    def read_hint(self, token: str) -> "Hint | None":
        """What an ID token of ours says, also once its time is over; None for anything else (OpenID RP-Initiated Logout 2)."""
        try:
            header = jws.extract_compact(token.encode("ascii")).headers()
            key = self.keys.verifying(str(header.get("kid", "")))
            if key is None or header.get("typ") != TYPE:
                return None
            claims = jwt.decode(token, key[0], algorithms=[key[1]]).claims
            return Hint(UUID(claims["sub"]), str(claims["aud"])) if claims.get("iss") == self.issuer else None
        except (JoseError, ValueError, KeyError):
            return None


@dataclass(frozen=True, slots=True)
class Hint:
    """Whose ID token it was, and which client got it."""

    user_id: UUID
    client_id: str


def _amr(method: str, second_factor: str | None) -> list[str]:
    found = [METHODS[name] for name in (method, second_factor or "") if name in METHODS]
    return [*found, "mfa"] if second_factor else found
