"""An authorization request: checked, shown to the user, answered to the client (RFC 6749 4.1, OpenID Connect Core 3.1.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from mainspring.core import clock
from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.database import UnitOfWork
from mainspring.core.errors import Unauthenticated
from mainspring.core.security.csrf import CsrfMismatch, CsrfTokens
from mainspring.modules.auth.rows import PAGE, PresentedRefresh, SessionRow
from mainspring.modules.auth.service import RotationService, SessionService
from mainspring.modules.users.rows import UserRow
from mainspring.modules.users.service import UserService

from ..errors import Declined
from ..rows import Wish
from ..service import ConsentService, GrantService, RequestService


@dataclass(frozen=True, slots=True)
class SendBack:
    """The browser goes back to the client."""

    url: str


@dataclass(frozen=True, slots=True)
class AskSignIn:
    """Somebody has to sign in first, for this client."""

    wish: Wish


@dataclass(frozen=True, slots=True)
class AskConsent:
    """The user has to decide. `csrf_token` proves that the answer comes from our page."""

    wish: Wish
    user: UserRow
    csrf_token: str


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who signed in on our page with this browser."""

    session: SessionRow
    user: UserRow


class Authorizing:
    """Nothing is kept between the pages: each carries the request as it came, and it is checked anew."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context
        self.issuer = application.settings.jwt_issuer

    async def consider(self, sent: Mapping[str, str], browser: str | None) -> SendBack | AskSignIn | AskConsent:
        """What comes next. Raises BadAuthorization, and InvalidRequest, when nobody may be told by a redirect."""
        try:
            wish, visitor = await self._look(sent, browser)
            if visitor is None or "login" in wish.prompts or _is_too_old(visitor.session, wish):
                _unless_silent(wish, "login_required", "Nobody is signed in, or too long ago.")
                return AskSignIn(wish)
            if {"consent", "select_account"} & wish.prompts or _may_be_anybody(wish) or not await self._is_covered(wish, visitor):
                _unless_silent(wish, "consent_required", "The user has not allowed this yet.")
                return AskConsent(wish, visitor.user, self._csrf.of(visitor.session.id))
            return await self._let_in(wish, visitor)
        except Declined as declined:
            return self._declined(declined)

    async def decide(
        self, sent: Mapping[str, str], browser: str | None, csrf_token: str, *, allowed: bool
    ) -> SendBack | AskSignIn:
        """The answer of the user. Raises BadAuthorization, InvalidRequest, and CsrfMismatch when it comes from elsewhere."""
        try:
            wish, visitor = await self._look(sent, browser)
            if visitor is None:
                return AskSignIn(wish)
            if not self._csrf.is_of(csrf_token.encode("utf-8", "replace"), visitor.session.id):
                raise CsrfMismatch("This page is too old. Go back to the application and begin again.")
            if not allowed:
                raise Declined("access_denied", "The user declined.", wish.redirect_uri, wish.state)
            return await self._let_in(wish, visitor, consent=True)
        except Declined as declined:
            return self._declined(declined)

    async def _look(self, sent: Mapping[str, str], browser: str | None) -> tuple[Wish, Visitor | None]:
        async with self.application.reading(self.context) as uow:
            return await RequestService(uow).check(sent), await _visitor(uow, browser)

    async def _is_covered(self, wish: Wish, visitor: Visitor) -> bool:
        async with self.application.reading(self.context) as uow:
            return await ConsentService(uow).covers(visitor.user.id, wish.client.id, wish.scopes)

    async def _let_in(self, wish: Wish, visitor: Visitor, *, consent: bool = False) -> SendBack:
        async with self.application.unit(self.context) as uow:
            if consent:
                await ConsentService(uow).give(visitor.user.id, wish.client.id, wish.scopes)
            code = await GrantService(uow).offer(wish, visitor.session)
        return self._back(wish.redirect_uri, {"code": code}, wish.state)

    def _declined(self, declined: Declined) -> SendBack:
        told = {"error": declined.error, "error_description": str(declined)}
        return self._back(declined.redirect_uri, told, declined.state)

    def _back(self, redirect_uri: str, told: Mapping[str, str], state: str | None) -> SendBack:
        """The registered address with the answer; `iss` says whose it is, against mix-up (RFC 9207)."""
        answer = {**told, **({} if state is None else {"state": state}), "iss": self.issuer}
        return SendBack(f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{urlencode(answer)}")

    @property
    def _csrf(self) -> CsrfTokens:
        return self.application.resolve(CsrfTokens)


async def _visitor(uow: UnitOfWork, browser: str | None) -> Visitor | None:
    """Who signed in with the browser that sent this cookie; None when nobody, or it is over."""
    if browser is None:
        return None
    try:
        row = await RotationService(uow).live(PresentedRefresh(browser, PAGE, lambda session_id: None))
    except Unauthenticated:
        return None
    session = await SessionService(uow).alive(row.session_id)
    users = UserService(uow)
    if session is None or not await users.standing([session.user_id]):
        return None
    return Visitor(session, await users.get(session.user_id))


def _is_too_old(session: SessionRow, wish: Wish) -> bool:
    return wish.max_age is not None and (clock.now() - session.authenticated_at).total_seconds() > wish.max_age


def _may_be_anybody(wish: Wish) -> bool:
    """Whether any program on the user's machine could have sent this, so that an earlier consent says nothing (RFC 8252 8.6)."""
    return wish.client.is_public and wish.redirect_uri.startswith("http://")


def _unless_silent(wish: Wish, error: str, description: str) -> None:
    if "none" in wish.prompts:
        raise Declined(error, description, wish.redirect_uri, wish.state)
