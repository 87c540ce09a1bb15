"""Logout tokens, checked strictly (OpenID Connect Back-Channel Logout 1.0, 2.6; ASVS 10.5.5)."""

from datetime import timedelta

from mainspring.core import clock
from mainspring.core.observability import get_logger

from ..errors import LogoutTokenInvalid
from ..rows import LoggedOut
from .id_tokens import CLOCKS_DIFFER, Claims, Wrong, issuer_of, moment_of, signed_claims, subject_of
from .key_sets import KeySet

TYPE = "logout+jwt"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
LONGEST_NAME = 255
OLDEST_SECONDS = 600  # since it was made, whatever it says of its end
REMEMBERED_FOR = timedelta(seconds=OLDEST_SECONDS + 2 * CLOCKS_DIFFER)

log = get_logger(__name__)


class LogoutTokens:
    """Checks those of one provider for one client. What is wrong goes to the log, never to the caller."""

    def __init__(self, provider: str, issuer: str, client_id: str, keys: KeySet) -> None:
        self.provider, self.issuer, self.client_id, self.keys = provider, issuer, client_id, keys

    async def verified(self, text: object) -> LoggedOut:
        """Who signed out. Raises LogoutTokenInvalid, and ProviderUnavailable when the keys cannot be had."""
        try:
            _, claims = await signed_claims(text, self.keys, types=(TYPE, f"application/{TYPE}"))
            return self._checked(claims)
        except Wrong as wrong:
            log.warn("social_logout_token_refused", provider=self.provider, reason=str(wrong))
            raise LogoutTokenInvalid() from None

    def _checked(self, claims: Claims) -> LoggedOut:
        now, issuer = clock.now().timestamp(), issuer_of(self.issuer, claims)
        if claims.get("iss") != issuer:
            raise Wrong("iss")
        if claims.get("aud") not in (self.client_id, [self.client_id]):
            raise Wrong("aud")
        if not now - OLDEST_SECONDS - CLOCKS_DIFFER <= moment_of(claims, "iat") <= now + CLOCKS_DIFFER:
            raise Wrong("iat")
        if moment_of(claims, "exp") <= now - CLOCKS_DIFFER:
            raise Wrong("exp")
        events = claims.get("events")
        if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
            raise Wrong("events")
        if "nonce" in claims:  # that would be an ID token
            raise Wrong("nonce")
        subject = subject_of(claims) if "sub" in claims else None
        named = _named(claims, "sid") if "sid" in claims else None
        if subject is None and named is None:
            raise Wrong("sub")
        return LoggedOut(issuer, subject, named, _named(claims, "jti"))


def session_of(claims: Claims) -> str | None:
    """What the provider calls its session in an ID token; None where it does not say, or too much."""
    try:
        return _named(claims, "sid")
    except Wrong:
        return None


def _named(claims: Claims, name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= LONGEST_NAME or "\0" in value:
        raise Wrong(name)
    return value
