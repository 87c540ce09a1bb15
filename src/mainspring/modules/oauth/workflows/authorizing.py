"""An authorization request: checked, shown to the user, answered to the client (RFC 6749 4.1, OpenID Connect Core 3.1.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from mainspring.core import clock
from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.security.csrf import CsrfTokens
from mainspring.modules.auth.rows import SessionRow
from mainspring.modules.auth.service import owes_factor
from mainspring.modules.users.rows import UserRow

from ..errors import Declined
from ..rows import PushedRow, Wish
from ..service import ConsentService, GrantService, PushedService, RequestService
from ..service.pushed import is_pushed
from .visiting import Browser, Visitor, refuse_forged, visitor_of


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


class Authorizing:
    """Nothing is kept between the pages: each carries the request as it came, and it is checked anew."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context
        self.issuer = application.settings.jwt_issuer

    async def consider(self, sent: Mapping[str, str], browser: Browser) -> SendBack | AskSignIn | AskConsent:
        """What comes next. Raises BadAuthorization, and InvalidRequest, when nobody may be told by a redirect."""
        try:
            wish, visitor = await self._look(sent, browser)
            if visitor is None or _must_sign_in(visitor.session, wish, sent):
                _unless_silent(wish, "login_required", "Nobody is signed in, or too long ago.")
                return AskSignIn(wish)
            if {"consent", "select_account"} & wish.prompts or _may_be_anybody(wish) or not await self._is_covered(wish, visitor):
                _unless_silent(wish, "consent_required", "The user has not allowed this yet.")
                return AskConsent(wish, visitor.user, self._csrf.of(visitor.session.id))
            return await self._let_in(wish, visitor)
        except Declined as declined:
            return self._declined(declined)

    async def decide(self, sent: Mapping[str, str], browser: Browser, csrf_token: str, *, allowed: bool) -> SendBack | AskSignIn:
        """The answer of the user. Raises BadAuthorization, InvalidRequest, and CsrfMismatch when it comes from elsewhere."""
        try:
            wish, visitor = await self._look(sent, browser)
            if visitor is None:
                return AskSignIn(wish)
            refuse_forged(self._csrf, csrf_token, visitor)
            if not allowed:
                await self._finish(wish)
                raise Declined("access_denied", "The user declined.", wish.redirect_uri, wish.state)
            return await self._let_in(wish, visitor, consent=True)
        except Declined as declined:
            return self._declined(declined)

    async def _look(self, sent: Mapping[str, str], browser: Browser) -> tuple[Wish, Visitor | None]:
        pushed = await self._pushed(sent, browser) if is_pushed(sent) else None
        async with self.application.reading(self.context) as uow:
            return await RequestService(uow).check(sent, pushed), await visitor_of(uow, browser)

    async def _pushed(self, sent: Mapping[str, str], browser: Browser) -> PushedRow:
        client_id, request_uri = sent.get("client_id", ""), sent["request_uri"]
        async with self.application.reading(self.context) as uow:
            found = await PushedService(uow).opened(client_id, request_uri, browser.id)
        if found is not None:
            return found
        async with self.application.unit(self.context) as uow:
            return await PushedService(uow).open(client_id, request_uri, browser.id)

    async def _finish(self, wish: Wish) -> None:
        if wish.pushed is not None:
            async with self.application.unit(self.context) as uow:
                await PushedService(uow).finish(wish.pushed)

    async def _is_covered(self, wish: Wish, visitor: Visitor) -> bool:
        async with self.application.reading(self.context) as uow:
            return await ConsentService(uow).covers(visitor.user.id, wish.client.id, wish.scopes)

    async def _let_in(self, wish: Wish, visitor: Visitor, *, consent: bool = False) -> SendBack:
        async with self.application.unit(self.context) as uow:
            if wish.pushed is not None:
                await PushedService(uow).finish(wish.pushed)
            if await owes_factor(uow, visitor.session):
                raise Declined("access_denied", "A second factor has to be set up first.", wish.redirect_uri, wish.state)
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


def _must_sign_in(session: SessionRow, wish: Wish, sent: Mapping[str, str]) -> bool:
    """Whether the sign-in does not do. A pushed request cannot say on the way that it was fulfilled, so its first page counts."""
    if "login" in sent.get("prompt", "").split():
        return True
    opened_at = wish.pushed.opened_at if wish.pushed else None
    if opened_at is not None and session.authenticated_at >= opened_at:
        return False
    return "login" in wish.prompts or _is_too_old(session, wish)


def _is_too_old(session: SessionRow, wish: Wish) -> bool:
    return wish.max_age is not None and (clock.now() - session.authenticated_at).total_seconds() > wish.max_age


def _may_be_anybody(wish: Wish) -> bool:
    """Whether any program on the user's machine could have sent this, so that an earlier consent says nothing (RFC 8252 8.6)."""
    return wish.client.is_public and wish.redirect_uri.startswith("http://")


def _unless_silent(wish: Wish, error: str, description: str) -> None:
    if "none" in wish.prompts:
        raise Declined(error, description, wish.redirect_uri, wish.state)
