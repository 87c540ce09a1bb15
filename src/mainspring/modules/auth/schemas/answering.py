"""What a sign-in answers, whichever way it came."""

from mainspring.core import clock
from mainspring.core.http import CookieSession, Kept, Reply

from ..rows import MfaRequired, SignedInAs
from .signing_in import BearerOut, CookieOut, MfaRequiredOut

SignInOut = BearerOut | CookieOut | MfaRequiredOut


def answered(answer: Reply, cookies: CookieSession, outcome: SignedInAs | MfaRequired) -> SignInOut:
    """The session, or the question for the second factor."""
    if isinstance(outcome, MfaRequired):
        answer.header("Cache-Control", "no-store")
        return MfaRequiredOut.of(outcome)
    return entered(answer, cookies, outcome)


def entered(answer: Reply, cookies: CookieSession, signed_in: SignedInAs) -> BearerOut | CookieOut:
    """The session: its tokens in the body or in cookies, never in both (ASVS 3.3.4)."""
    answer.header("Cache-Control", "no-store")
    access, tokens = signed_in.access, signed_in.tokens
    if tokens.transport != "cookie":
        return BearerOut.of(signed_in)
    now = clock.now()
    if signed_in.device is not None:
        cookies.keep_device(signed_in.device.text, signed_in.device.life)
    cookies.keep(Kept(access.text, access.expires_at - now, tokens.refresh_token, tokens.refresh_expires_at - now))
    return CookieOut.of_browser(signed_in, cookies.csrf_token(tokens.session_id))
