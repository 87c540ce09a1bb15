"""Accounts over REST. Who may see or change whom is decided by the service, for one's own account needs no permission."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from mainspring.core.http import IfMatch, PageOut, ReadUnit, Router, WriteUnit, pagination_of, problems
from mainspring.core.security.guard import CurrentUser
from mainspring.core.security.narrow_sessions import CurrentUserOrEnrolling

from .errors import EmailTaken, OwnAccount, OwnStatus, UserNotFound
from .permissions import Administrator, UserChanger, UserReader, UserRemover, UserRestorer, UserSeer
from .schemas import MeOut, UpdateProfile, UpdateUser, UserOut, UserQuery
from .service import UserService

router = Router(tags=["users"])


@router.get("/users/me")
async def get_me(caller: CurrentUserOrEnrolling, uow: ReadUnit) -> MeOut:
    """Oneself, with roles and permissions as of now."""
    users = UserService(uow)
    return MeOut.seen_by(caller, await users.profile(await users.get(caller.id), caller.scopes))


@router.patch("/users/me")
async def update_me(body: UpdateProfile, caller: CurrentUser, uow: WriteUnit, expected: IfMatch) -> MeOut:
    """Change one's own profile."""
    users = UserService(uow)
    after = await users.update(caller, caller.id, body.wishes(), expected)
    return MeOut.seen_by(caller, await users.profile(after, caller.scopes))


@router.get("/users")
async def list_users(query: Annotated[UserQuery, Query()], caller: UserReader, uow: ReadUnit) -> PageOut[UserOut]:
    """The users."""
    return await _listed(query, uow)


@router.get("/admin/users")
async def list_users_as_administrator(
    query: Annotated[UserQuery, Query()], caller: Administrator, uow: ReadUnit
) -> PageOut[UserOut]:
    """The users, for administrators only (R-288)."""
    return await _listed(query, uow)


@router.get("/users/{id}", responses=problems(UserNotFound))
async def get_user(id: UUID, caller: UserSeer, uow: ReadUnit) -> UserOut:
    """A user: oneself, or anybody with `users:read`."""
    users = UserService(uow)
    return UserOut.of(await users.profile(await users.seen_by(caller, id)))


@router.patch("/users/{id}", responses=problems(UserNotFound, OwnStatus))
async def update_user(id: UUID, body: UpdateUser, caller: UserChanger, uow: WriteUnit, expected: IfMatch) -> UserOut:
    """Change a user: oneself, or anybody with `users:update`."""
    users = UserService(uow)
    return UserOut.of(await users.profile(await users.update(caller, id, body.wishes(), expected)))


@router.delete("/users/{id}", status_code=204, responses=problems(UserNotFound, OwnAccount))
async def delete_user(id: UUID, caller: UserRemover, uow: WriteUnit, expected: IfMatch) -> None:
    """Delete another user and end all his sessions."""
    await UserService(uow).delete(caller, id, expected)


@router.post("/users/{id}/restoration", responses=problems(UserNotFound, EmailTaken))
async def restore_user(id: UUID, caller: UserRestorer, uow: WriteUnit) -> UserOut:
    """Bring a deleted user back. His sessions stay ended."""
    users = UserService(uow)
    return UserOut.of(await users.profile(await users.restore(caller, id)))


async def _listed(query: UserQuery, uow: ReadUnit) -> PageOut[UserOut]:
    found, profiles = await UserService(uow).find(query)
    return PageOut[UserOut](data=UserOut.list_of(profiles), pagination=pagination_of(found))
