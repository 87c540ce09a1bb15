"""DPoP (RFC 9449): a token that is bound to a key opens nothing without a fresh proof by that key.

A proof is a JWT over method and address of one request, good for a minute and once. It carries its public key; what makes it
worth anything is that the token, signed by us, names the key's thumbprint (RFC 7638).
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import jiter
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from .. import clock
from ..observability import security_events
from .claim_once import claim_first
from .refusals import TokenInvalid

if TYPE_CHECKING:
    from ..database import UnitOfWork

TYPE = "dpop+jwt"
HEADER = {"typ", "alg", "jwk"}  # what RFC 9449 4.2 names is all that we read: no crit, no kid, no jku
SECRET_PARTS = {"d", "p", "q", "dp", "dq", "qi", "k"}
ALGORITHMS: Mapping[str, tuple[str, type[ECKey] | type[OKPKey] | type[RSAKey]]] = {
    "ES256": ("P-256", ECKey),
    "Ed25519": ("Ed25519", OKPKey),
    "PS256": ("", RSAKey),
    "RS256": ("", RSAKey),
}
SMALLEST_RSA_MODULUS = 340  # characters of base64url: 2048 bits
AGE, AHEAD = timedelta(seconds=60), timedelta(seconds=5)
LONGEST = 4096
FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
TOKEN_ID = re.compile(r"[!-~]{8,128}")
SCHEME = b"dpop "


class Registry(jws.JWSRegistry):
    """The library's own, with room for a public key in the header."""

    max_header_length = LONGEST


class DpopProofs:
    """Checks proofs for the server at `public_url`. Each is claimed once in the database, so that all processes know."""

    def __init__(self, public_url: str, unit: "Callable[[], AbstractAsyncContextManager[UnitOfWork]]") -> None:
        self.public_url, self.unit = public_url.rstrip("/"), unit

    async def key_of(self, proof: str, method: str, path: str, token: str | None = None) -> str:
        """The thumbprint of the key that proves this request, with its access token if it has one. Raises TokenInvalid."""
        thumbprint, token_id = self._checked(proof, method, path, token)
        async with self.unit() as uow:
            is_first = await claim_first(uow, "dpop", f"{thumbprint} {token_id}", thumbprint, AGE + AHEAD)
        if not is_first:
            security_events.suspicious_activity(None, "dpop_replay", path=path)
            raise TokenInvalid
        return thumbprint

    async def refuse_unproved(
        self, headers: Iterable[tuple[bytes, bytes]], method: str, path: str, token: bytes, thumbprint: str
    ) -> None:
        """Raise TokenInvalid unless the request proves the key of its token, once, under the scheme DPoP (RFC 9449 7.1)."""
        schemes = [value[:5].lower() for name, value in headers if name == b"authorization"]
        proofs = [value for name, value in headers if name == b"dpop"]
        if schemes != [SCHEME] or len(proofs) != 1:
            raise TokenInvalid
        shown = await self.key_of(proofs[0].decode("latin-1"), method, path, token.decode("latin-1"))
        if not compare_digest(shown, thumbprint):
            raise TokenInvalid

    def _checked(self, proof: str, method: str, path: str, token: str | None) -> tuple[str, str]:
        if len(proof) > LONGEST or not FORM.fullmatch(proof):
            raise TokenInvalid
        try:
            encoded = proof.partition(".")[0]
            header = _object(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
            key = _key(header)
            claims = _object(jws.deserialize_compact(proof, key, registry=Registry(algorithms=[header["alg"]])).payload)
        except (JoseError, ValueError, TypeError, KeyError) as wrong:
            raise TokenInvalid from wrong
        token_id, issued = claims.get("jti"), claims.get("iat")
        if claims.get("htm") != method or not self._is_here(claims.get("htu"), path):
            raise TokenInvalid
        if not isinstance(token_id, str) or not TOKEN_ID.fullmatch(token_id) or type(issued) is not int:
            raise TokenInvalid
        age = clock.now().timestamp() - issued
        if not -AHEAD.total_seconds() <= age <= AGE.total_seconds():
            raise TokenInvalid
        if token is not None and claims.get("ath") != _hash(token):
            raise TokenInvalid
        return key.thumbprint(), token_id

    def _is_here(self, address: object, path: str) -> bool:
        """Whether the proof names this address; its query and fragment do not count."""
        if not isinstance(address, str):
            return False
        parts = urlsplit(address)
        return f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.public_url}{path}"


def _key(header: Mapping[str, Any]) -> ECKey | OKPKey | RSAKey:
    """The public key in a proof's header. Raises ValueError for anything else that stands there."""
    jwk = header.get("jwk")
    if header.keys() != HEADER or header["typ"] != TYPE or not isinstance(jwk, dict) or not SECRET_PARTS.isdisjoint(jwk):
        raise ValueError("no header of a proof")
    curve, kind = ALGORITHMS[header["alg"]]
    if jwk.get("crv", "") != curve or (kind is RSAKey and len(jwk["n"]) < SMALLEST_RSA_MODULUS):
        raise ValueError("no key for this algorithm")
    return kind.import_key(jwk)


def _object(raw: bytes) -> Mapping[str, Any]:
    value = jiter.from_json(raw, allow_inf_nan=False, catch_duplicate_keys=True)
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value


def _hash(token: str) -> str:
    return urlsafe_b64encode(sha256(token.encode("latin-1")).digest()).rstrip(b"=").decode()
