"""From the headers of a request to the signed-in caller, in about two microseconds when token and session are known.

Order of R-081: `Authorization: Bearer`, the cookie, `X-Access-Token`, then `X-API-Key`; never the query string. The first
credential present decides: a bad one is refused, the next is not tried, and what two of them may do is never added up.
"""

import time
from collections.abc import Iterable, MutableMapping
from typing import Any

from .. import context
from ..errors import MainspringError
from ..observability import security_events
from ..settings.mfa import MfaSettings
from .csrf import CsrfTokens
from .dpop import SCHEME as DPOP
from .dpop import DpopProofs
from .key_gate import KeyGate
from .ports import Held, OutsideTokens, SessionState
from .principal import Principal
from .refusals import KeyInvalid, TokenExpired, TokenForged, TokenInvalid, TokenRevoked
from .same_origin import SAFE_METHODS, refuse_cross_site
from .session_cookies import in_cookies
from .snapshots import Snapshot, Snapshots
from .tokens import AccessTokens, Claims

REMEMBERED = 10_000  # tokens a process; about 1.5 KB each
BEARER = b"bearer "


class _Known:
    """A token whose signature was verified, and who it was when last looked up."""

    __slots__ = ("claims", "expires", "principal", "snapshot")

    def __init__(self, claims: Claims, snapshot: Snapshot[SessionState], principal: Principal) -> None:
        self.claims, self.snapshot, self.principal = claims, snapshot, principal
        self.expires = claims.expires_at.timestamp()


class Authenticator:
    """Answers who is asking. It remembers verified tokens: only tokens with a good signature enter, the oldest leave first, and
    none outlives its end, its session or its key."""

    def __init__(
        self,
        tokens: AccessTokens,
        snapshots: Snapshots[SessionState],
        csrf: CsrfTokens,
        *,
        cookie: str = "accessToken",
        origins: Iterable[str] = (),
        keys: KeyGate | None = None,
        outside: OutsideTokens | None = None,
        proofs: DpopProofs | None = None,
        mfa: MfaSettings | None = None,
        remembered: int = REMEMBERED,
    ) -> None:
        self.tokens, self.snapshots, self.csrf, self.keys, self.remembered = tokens, snapshots, csrf, keys, remembered
        self.outside, self.proofs = outside, proofs
        self.mfa = mfa or MfaSettings()
        self.cookie = cookie.encode()
        self.origins = frozenset(origin.encode() for origin in origins)
        self._known: dict[bytes, _Known] = {}
        self._epoch, self._monotonic = tokens.epoch, snapshots.monotonic

    async def principal(self, scope: MutableMapping[str, Any], fresh: bool = False) -> Principal | None:
        """Who asks, by the headers of an ASGI scope; None when no credential was sent. `fresh` believes no snapshot.

        Raises TokenInvalid, TokenExpired, TokenRevoked; for a change by cookie CrossSite, when another site made the browser send
        it, and CsrfMismatch, when the token of the session is not with it; and what the gate of the API keys raises.
        """
        token, is_cookie = credential(scope["headers"], self.cookie)
        if token is None:
            key = api_key(scope["headers"]) if self.keys is not None else None
            return None if key is None or self.keys is None else await self.keys.principal(key)
        if self.outside is not None and not is_cookie and self.outside.names_issuer(token):
            return await self.outside.principal(token)
        changes = is_cookie and scope["method"] not in SAFE_METHODS
        if changes:
            refuse_cross_site(scope["headers"], self.origins)
        principal = await self._of_any_token(token)
        if fresh:
            self.snapshots.forget_session(principal.session_id)
            principal = await self._of_any_token(token)
        if principal.key_thumbprint is not None:
            await self._refuse_unproved(scope, token, principal.key_thumbprint)
        if changes:
            self.csrf.refuse_forged(scope["headers"], principal.session_id, principal.id)
        return principal

    async def recognised(self, scope: MutableMapping[str, Any]) -> Principal | None:
        """Whose access token is shown where credentials refuse nobody; None without a good one. Opens nothing."""
        try:
            token, _ = credential(scope["headers"], self.cookie)
            return None if token is None else await self.of_token(token, proved=True)
        except MainspringError:
            return None

    async def of_token(self, token: bytes, *, proved: bool = False) -> Principal:
        """Whose access token this is, for every transport. Raises TokenInvalid, TokenExpired or TokenRevoked.

        One that is bound to a key is refused (RFC 9449), unless it was `proved`, or nothing is opened with it.
        """
        principal = await self._of_any_token(token)
        if principal.key_thumbprint is not None and not proved:
            raise TokenInvalid
        return principal

    async def _refuse_unproved(self, scope: MutableMapping[str, Any], token: bytes, thumbprint: str) -> None:
        if self.proofs is None:
            raise TokenInvalid
        await self.proofs.refuse_unproved(scope["headers"], scope["method"], scope["path"], token, thumbprint)

    async def _of_any_token(self, token: bytes) -> Principal:
        # The token itself is the key: bytes hash with a secret per process, and a hit needs all of it.
        known = self._known.get(token)
        if known is not None:
            snapshot, now = known.snapshot, self._monotonic()
            if now < snapshot.renew_at and time.time() < known.expires and self._epoch == self.tokens.epoch:
                snapshot.used_at = now
                return known.principal
        return await self._looked_up(token)

    async def _looked_up(self, token: bytes) -> Principal:
        if self._epoch != self.tokens.epoch:
            self._known.clear()
            self._epoch = self.tokens.epoch
        known = self._known.get(token)
        if known is None:
            claims = self._verified(token)
        elif known.expires <= time.time():
            del self._known[token]
            raise TokenExpired
        else:
            claims = known.claims
        epoch = self._epoch
        snapshot = await self.snapshots.of(claims.session_id)
        if snapshot.state is None:
            raise TokenRevoked
        if snapshot.state.user_id != claims.user_id or snapshot.state.for_client != (claims.client is not None):
            raise TokenInvalid
        known = _Known(claims, snapshot, _principal(claims, snapshot, self.mfa))
        if epoch == self.tokens.epoch:  # the keys may have changed while we waited
            self._remember(token, known)
        return known.principal

    def _verified(self, token: bytes) -> Claims:
        try:
            return self.tokens.verify(token)
        except TokenForged:
            here = context.current()
            security_events.suspicious_activity(None, "forged_token", ip=here.address, method=here.method, path=here.path)
            raise
        except TokenInvalid:
            security_events.credential_refused(TokenInvalid.reason)
            raise

    def _remember(self, token: bytes, known: _Known) -> None:
        if token not in self._known and len(self._known) >= self.remembered:
            del self._known[next(iter(self._known))]
        self._known[token] = known


def credential(headers: Iterable[tuple[bytes, bytes]], cookie: bytes) -> tuple[bytes | None, bool]:
    """The token of the first place that has one (R-081), and whether that place is the cookie.

    Raises TokenInvalid for one sent twice or in a form we do not read.
    """
    authorization = cookies = other = None
    for name, value in headers:
        if name == b"authorization":
            if authorization is not None:
                raise TokenInvalid
            authorization = value
        elif name == b"cookie":
            cookies = value if cookies is None else cookies + b"; " + value  # HTTP/2 may split it (RFC 9113 8.2.3)
        elif name == b"x-access-token":
            if other is not None:
                raise TokenInvalid
            other = value
    if authorization is not None:
        if authorization[:7].lower() != BEARER:
            if authorization[:5].lower() == DPOP:
                return authorization[5:].strip(b" "), False
            raise TokenInvalid
        return authorization[7:].strip(b" "), False
    if cookies is not None and (token := in_cookies(cookies, cookie)) is not None:
        return token, True
    return other, False


def api_key(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """The API key in the headers. Raises KeyInvalid for one sent twice."""
    found = None
    for name, value in headers:
        if name == b"x-api-key":
            if found is not None:
                raise KeyInvalid
            found = value
    return found


def _principal(claims: Claims, snapshot: Snapshot[SessionState], mfa: MfaSettings) -> Principal:
    state, client = snapshot.state, claims.client
    if state is None:
        raise TokenRevoked
    must_enrol = mfa.owes_factor(snapshot.held.roles, state.has_two_factors)
    held = Held() if must_enrol else snapshot.held.within(client.scopes if client else None)
    return Principal(
        id=state.user_id,
        email=state.email,
        roles=held.roles,
        permissions=held.permissions,
        session_id=state.session_id,
        token_id=claims.token_id,
        expires_at=claims.expires_at,
        scopes=client.scopes if client else None,
        client_id=client.id if client else None,
        key_thumbprint=client.key_thumbprint if client else None,
        authenticated_at=state.authenticated_at,
        must_enrol=must_enrol,
        impersonator_id=state.impersonator_id,
    )
