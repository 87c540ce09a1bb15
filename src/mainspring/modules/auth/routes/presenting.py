"""Which credential of a request counts on the routes that begin or renew sessions."""

from uuid import UUID

from mainspring.core.http import CookieSession
from mainspring.core.security.refusals import PeopleOnly, TokenMissing

from ..errors import MfaTokenInvalid
from ..ports import PAGE
from ..rows import PresentedRefresh
from ..schemas import Refresh
from ..workflows import Refreshing


def refuse_strangers(transport: str, cookies: CookieSession) -> None:
    """Raise CrossSite when another site's page would have our cookies set, MfaTokenInvalid for what began on our own page."""
    if transport == PAGE:
        raise MfaTokenInvalid()
    if transport == "cookie":
        cookies.refuse_cross_site()


def refresh_of(body: Refresh | None, cookies: CookieSession) -> PresentedRefresh:
    """The refresh token of the body, else of the cookie, which our own page must have sent.

    Raises TokenMissing, TokenInvalid for two cookies of that name, CrossSite.
    """
    if body is not None and body.refresh_token is not None:
        return PresentedRefresh(body.refresh_token, "bearer", _no_proof_needed)
    token = cookies.refresh_token()
    if token is None:
        raise TokenMissing()
    cookies.refuse_cross_site()
    return PresentedRefresh(token, "cookie", cookies.refuse_forged)


async def session_of(refreshing: Refreshing, cookies: CookieSession) -> UUID:
    """The session whose page asks: that of the refresh cookie, else that of the access token.

    Raises Unauthenticated, PeopleOnly.
    """
    token = cookies.refresh_token()
    if token is not None:
        return await refreshing.session_of(PresentedRefresh(token, "cookie", _no_proof_needed))
    caller = await cookies.caller()
    if caller is None:
        raise TokenMissing()
    if caller.is_program:
        raise PeopleOnly()
    return caller.session_id


def _no_proof_needed(session_id: UUID) -> None:
    """Nobody can make a browser send what stands in a body; and whoever asks for the token does not have it yet."""
