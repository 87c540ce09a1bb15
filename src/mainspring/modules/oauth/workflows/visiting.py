"""Who signed in on our pages with a browser."""

from dataclasses import dataclass, field

from mainspring.core.database import UnitOfWork
from mainspring.core.errors import Unauthenticated
from mainspring.core.security.csrf import CsrfMismatch, CsrfTokens
from mainspring.modules.auth.ports import PAGE
from mainspring.modules.auth.rows import PresentedRefresh, SessionRow
from mainspring.modules.auth.service import RotationService, SessionService
from mainspring.modules.users.rows import UserRow
from mainspring.modules.users.service import UserService

TOO_OLD = "This page is too old. Go back to where you came from and begin again."


@dataclass(frozen=True, slots=True)
class Browser:
    """What a browser shows: the session that it signed in with, if any, and which browser it is."""

    session: str | None = field(repr=False)
    id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who signed in on our page with this browser."""

    session: SessionRow
    user: UserRow


async def visitor_of(uow: UnitOfWork, browser: Browser) -> Visitor | None:
    """Who signed in with the browser; None when nobody, or it is over."""
    if browser.session is None:
        return None
    try:
        row = await RotationService(uow).live(PresentedRefresh(browser.session, PAGE, lambda session_id: None))
    except Unauthenticated:
        return None
    session = await SessionService(uow).alive(row.session_id)
    users = UserService(uow)
    if session is None or not await users.standing([session.user_id]):
        return None
    return Visitor(session, await users.get(session.user_id))


def refuse_forged(tokens: CsrfTokens, token: str, visitor: Visitor) -> None:
    """Raise CsrfMismatch unless the form comes from a page of the visitor's session."""
    if not tokens.is_of(token.encode("utf-8", "replace"), visitor.session.id):
        raise CsrfMismatch(TOO_OLD)
