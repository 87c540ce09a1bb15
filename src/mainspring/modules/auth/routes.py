"""Signing in over REST, the sessions one has, and accounts for others."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from mainspring.core.http import Answer, App, CallContext, PageOut, ReadUnit, Router, WriteUnit, pagination_of, problems
from mainspring.core.security.guard import CurrentPerson, public
from mainspring.modules.users.errors import EmailTaken, UserNotFound
from mainspring.modules.users.permissions import Administrator, UserCreator
from mainspring.modules.users.schemas import UserOut

from .errors import (
    InvalidCredentials,
    RefreshTokenExpired,
    RefreshTokenInvalid,
    RefreshTokenReused,
    RefreshTokenRevoked,
    SessionNotFound,
    WrongPassword,
)
from .permissions import SessionEnding
from .schemas import BearerOut, ChangePassword, CreateUser, Login, Refresh, Register, SessionOut, SessionQuery
from .service import SessionService
from .workflows import ChangingPassword, Refreshing, Registering, SigningIn

router = Router(tags=["auth"])

REFUSED_REFRESH = problems(RefreshTokenInvalid, RefreshTokenExpired, RefreshTokenRevoked, RefreshTokenReused)


@router.post("/auth/register", status_code=201, dependencies=[public], responses=problems(EmailTaken))
async def register(body: Register, application: App, context: CallContext, answer: Answer) -> UserOut:
    """Make an account for oneself."""
    profile = await Registering(application, context).register(body)
    answer.location(f"/api/v1/users/{profile.user.id}")
    return UserOut.of(profile)


@router.post("/auth/login", dependencies=[public], responses=problems(InvalidCredentials))
async def login(body: Login, application: App, context: CallContext, answer: Answer) -> BearerOut:
    """Sign in with an address and its password."""
    answer.header("Cache-Control", "no-store")
    return BearerOut.of(await SigningIn(application, context).run(body))


@router.post("/auth/refresh", dependencies=[public], responses=REFUSED_REFRESH)
async def refresh(body: Refresh, application: App, context: CallContext, answer: Answer) -> BearerOut:
    """Turn the refresh token into the next one, with a fresh access token."""
    answer.header("Cache-Control", "no-store")
    return BearerOut.of(await Refreshing(application, context).run(body.refresh_token))


@router.post("/auth/logout", status_code=204)
async def logout(caller: CurrentPerson, uow: WriteUnit) -> None:
    """End the session that asks."""
    await SessionService(uow).end(caller.id, caller.session_id)


@router.post("/auth/logout-all", status_code=204)
async def logout_all(caller: CurrentPerson, uow: WriteUnit) -> None:
    """End every session of the caller."""
    await SessionService(uow).end_all(caller.id)


@router.get("/auth/sessions")
async def list_sessions(query: Annotated[SessionQuery, Query()], caller: CurrentPerson, uow: ReadUnit) -> PageOut[SessionOut]:
    """The caller's sessions."""
    found = await SessionService(uow).of_user(caller.id, query)
    shown = [SessionOut.seen_from(caller.session_id, row) for row in found.rows]
    return PageOut[SessionOut](data=shown, pagination=pagination_of(found))


@router.delete("/auth/sessions/{id}", status_code=204, responses=problems(SessionNotFound))
async def end_session(id: UUID, caller: CurrentPerson, uow: WriteUnit) -> None:
    """End one of the caller's sessions."""
    await SessionService(uow).end(caller.id, id)


@router.post("/auth/change-password", status_code=204, responses=problems(WrongPassword))
async def change_password(body: ChangePassword, caller: CurrentPerson, application: App, context: CallContext) -> None:
    """Choose a new password; all other sessions end."""
    await ChangingPassword(application, context).run(caller, body)


@router.post("/users", status_code=201, responses=problems(EmailTaken))
async def create_user(body: CreateUser, caller: UserCreator, application: App, context: CallContext, answer: Answer) -> UserOut:
    """Make an account for somebody else, and choose the roles."""
    profile = await Registering(application, context).create(caller, body)
    answer.location(f"/api/v1/users/{profile.user.id}")
    return UserOut.of(profile)


@router.delete("/users/{id}/sessions", status_code=204, responses=problems(UserNotFound))
async def end_sessions_of_user(id: UUID, caller: SessionEnding, uow: WriteUnit) -> None:
    """End every session of a user."""
    await SessionService(uow).end_all_of(caller, id)


@router.post("/admin/users", status_code=201, responses=problems(EmailTaken))
async def create_user_as_administrator(
    body: CreateUser, caller: Administrator, application: App, context: CallContext, answer: Answer
) -> UserOut:
    """Make an account for somebody else, for administrators only (R-288)."""
    profile = await Registering(application, context).create(caller, body)
    answer.location(f"/api/v1/users/{profile.user.id}")
    return UserOut.of(profile)
