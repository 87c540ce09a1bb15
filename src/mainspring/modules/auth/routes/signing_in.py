"""Signing in and out, and the sessions one has."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from mainspring.core.errors import TooManyRequests
from mainspring.core.http import Answer, App, CallContext, Cookies, PageOut, ReadUnit, WriteUnit, pagination_of, problems
from mainspring.core.security.csrf import CsrfMismatch
from mainspring.core.security.guard import CurrentPerson, public
from mainspring.core.security.narrow_sessions import AnySession
from mainspring.core.security.same_origin import CrossSite
from mainspring.modules.users.errors import UserNotFound

from ..device_words import words_for
from ..errors import (
    EmailUnverified,
    InvalidCredentials,
    RefreshTokenExpired,
    RefreshTokenInvalid,
    RefreshTokenReused,
    RefreshTokenRevoked,
    SessionNotFound,
)
from ..permissions import SessionEnding
from ..ports import CLIENT
from ..rows import SessionRow
from ..schemas import BearerOut, CookieOut, CsrfOut, Login, Refresh, SessionOut, SessionQuery
from ..schemas.answering import SignInOut, answered, entered
from ..service import Replacing, SessionService
from ..workflows import Refreshing, SigningIn
from .presenting import refresh_of, refuse_strangers, session_of
from .router import router

REFUSED_REFRESH = problems(
    RefreshTokenInvalid, RefreshTokenExpired, RefreshTokenRevoked, RefreshTokenReused, CrossSite, CsrfMismatch
)


@router.post(
    "/auth/login", dependencies=[public], responses=problems(InvalidCredentials, EmailUnverified, CrossSite, TooManyRequests)
)
async def login(body: Login, application: App, context: CallContext, answer: Answer, cookies: Cookies) -> SignInOut:
    """Sign in with an address and its password."""
    refuse_strangers(body.transport, cookies)
    before = cookies.refresh_token()
    outcome = await SigningIn(application, context).run(body)
    await Replacing(application, context).run(outcome, before)
    return answered(answer, cookies, outcome)


@router.post("/auth/refresh", dependencies=[public], responses=REFUSED_REFRESH)
async def refresh(
    application: App, context: CallContext, answer: Answer, cookies: Cookies, body: Refresh | None = None
) -> BearerOut | CookieOut:
    """Turn the refresh token, of the body or else of the cookie, into the next one, with a fresh access token."""
    return entered(answer, cookies, await Refreshing(application, context).run(refresh_of(body, cookies)))


@router.get("/auth/csrf", dependencies=[public], responses=REFUSED_REFRESH)
async def get_csrf_token(application: App, context: CallContext, answer: Answer, cookies: Cookies) -> CsrfOut:
    """What pages send as `X-CSRF-Token`; the refresh cookie alone is enough, as after a reload."""
    answer.header("Cache-Control", "no-store")
    return CsrfOut(csrf_token=cookies.csrf_token(await session_of(Refreshing(application, context), cookies)))


@router.post("/auth/logout", status_code=204)
async def logout(caller: AnySession, uow: WriteUnit, cookies: Cookies) -> None:
    """End the session that asks."""
    await SessionService(uow).let_go(caller.id, caller.session_id, "logout")
    if caller.impersonator_id is None:  # else the cookies are of whoever acts as another, and go on
        cookies.forget()


@router.post("/auth/logout-all", status_code=204)
async def logout_all(caller: CurrentPerson, uow: WriteUnit, cookies: Cookies) -> None:
    """End every session of the caller."""
    await SessionService(uow).end_all(caller.id)
    cookies.forget()


@router.get("/auth/sessions")
async def list_sessions(query: Annotated[SessionQuery, Query()], caller: CurrentPerson, uow: ReadUnit) -> PageOut[SessionOut]:
    """The caller's sessions."""
    found = await SessionService(uow).of_user(caller.id, query)
    shown = [SessionOut.seen_from(caller.session_id, row, _device_of(row)) for row in found.rows]
    return PageOut[SessionOut](data=shown, pagination=pagination_of(found))


@router.delete("/auth/sessions/{id}", status_code=204, responses=problems(SessionNotFound))
async def end_session(id: UUID, caller: CurrentPerson, uow: WriteUnit) -> None:
    """End one of the caller's sessions."""
    await SessionService(uow).end(caller.id, id)


@router.delete("/users/{id}/sessions", status_code=204, responses=problems(UserNotFound))
async def end_sessions_of_user(id: UUID, caller: SessionEnding, uow: WriteUnit) -> None:
    """End every session of a user."""
    await SessionService(uow).end_all_of(caller, id)


def _device_of(row: SessionRow) -> str | None:
    """What its owner calls it; the session of an OAuth client bears the client's name."""
    return row.device if row.transport == CLIENT else words_for(row.device)
