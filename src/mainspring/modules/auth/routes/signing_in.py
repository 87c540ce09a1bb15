"""Signing in and out, and the sessions one has."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from mainspring.core.http import Answer, App, CallContext, PageOut, ReadUnit, WriteUnit, pagination_of, problems
from mainspring.core.security.guard import CurrentUser, public
from mainspring.modules.users.errors import UserNotFound

from ..errors import (
    InvalidCredentials,
    RefreshTokenExpired,
    RefreshTokenInvalid,
    RefreshTokenReused,
    RefreshTokenRevoked,
    SessionNotFound,
)
from ..permissions import SessionEnding
from ..schemas import BearerOut, Login, MfaRequiredOut, Refresh, SessionOut, SessionQuery
from ..service import SessionService
from ..workflows import Refreshing, SigningIn
from .answering import answered, entered
from .router import router

REFUSED_REFRESH = problems(RefreshTokenInvalid, RefreshTokenExpired, RefreshTokenRevoked, RefreshTokenReused)


@router.post("/auth/login", dependencies=[public], responses=problems(InvalidCredentials))
async def login(body: Login, application: App, context: CallContext, answer: Answer) -> BearerOut | MfaRequiredOut:
    """Sign in with an address and its password."""
    return answered(answer, await SigningIn(application, context).run(body))


@router.post("/auth/refresh", dependencies=[public], responses=REFUSED_REFRESH)
async def refresh(body: Refresh, application: App, context: CallContext, answer: Answer) -> BearerOut:
    """Turn the refresh token into the next one, with a fresh access token."""
    return entered(answer, await Refreshing(application, context).run(body.refresh_token))


@router.post("/auth/logout", status_code=204)
async def logout(caller: CurrentUser, uow: WriteUnit) -> None:
    """End the session that asks."""
    await SessionService(uow).end(caller.id, caller.session_id)


@router.post("/auth/logout-all", status_code=204)
async def logout_all(caller: CurrentUser, uow: WriteUnit) -> None:
    """End every session of the caller."""
    await SessionService(uow).end_all(caller.id)


@router.get("/auth/sessions")
async def list_sessions(query: Annotated[SessionQuery, Query()], caller: CurrentUser, uow: ReadUnit) -> PageOut[SessionOut]:
    """The caller's sessions."""
    found = await SessionService(uow).of_user(caller.id, query)
    shown = [SessionOut.seen_from(caller.session_id, row) for row in found.rows]
    return PageOut[SessionOut](data=shown, pagination=pagination_of(found))


@router.delete("/auth/sessions/{id}", status_code=204, responses=problems(SessionNotFound))
async def end_session(id: UUID, caller: CurrentUser, uow: WriteUnit) -> None:
    """End one of the caller's sessions."""
    await SessionService(uow).end(caller.id, id)


@router.delete("/users/{id}/sessions", status_code=204, responses=problems(UserNotFound))
async def end_sessions_of_user(id: UUID, caller: SessionEnding, uow: WriteUnit) -> None:
    """End every session of a user."""
    await SessionService(uow).end_all_of(caller, id)
