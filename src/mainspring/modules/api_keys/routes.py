"""API keys and service accounts over REST. They are for people: no key handles keys."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from mainspring.core.http import Answer, PageOut, ReadUnit, Router, WriteUnit, pagination_of, problems, shown_once
from mainspring.core.security.guard import CurrentPerson
from mainspring.modules.access.errors import AdministratorProtected, BeyondOwnAccess, PermissionNotFound, RoleNotFound
from mainspring.modules.users.errors import UserNotFound
from mainspring.modules.users.schemas import UserOut

from .errors import KeyExpired, KeyNotFound, NotAServiceAccount, RotationUnderWay, TooManyKeys
from .permissions import KeyManager
from .schemas import (
    CreateKey,
    CreateServiceAccount,
    KeyOut,
    KeyQuery,
    RotateKey,
    ServiceAccountQuery,
    ShownKeyOut,
)
from .service import KeyService, ServiceAccounts

router = Router(tags=["api-keys"], never_stored=True)

AS_SET = RotateKey()
NOT_HIS = problems(BeyondOwnAccess, NotAServiceAccount, AdministratorProtected)


@router.post(
    "/api-keys",
    status_code=201,
    dependencies=[shown_once],
    responses={**NOT_HIS, **problems(PermissionNotFound, UserNotFound, TooManyKeys)},
)
async def create_api_key(body: CreateKey, caller: CurrentPerson, uow: WriteUnit, answer: Answer) -> ShownKeyOut:
    """Make a key for oneself, or with `api-keys:manage` for a service account. Its text is shown in this answer only."""
    answer.header("Cache-Control", "no-store")
    return ShownKeyOut.with_text(await KeyService(uow).create(caller, body))


@router.get("/api-keys")
async def list_api_keys(query: Annotated[KeyQuery, Query()], caller: CurrentPerson, uow: ReadUnit) -> PageOut[KeyOut]:
    """One's own keys, newest first; with `api-keys:manage` those of any account."""
    found = await KeyService(uow).find(caller, query)
    return PageOut[KeyOut](data=KeyOut.list_of(found.rows), pagination=pagination_of(found))


@router.get("/api-keys/{id}", responses=problems(KeyNotFound))
async def get_api_key(id: UUID, caller: CurrentPerson, uow: ReadUnit) -> KeyOut:
    """A key: one's own, or any with `api-keys:manage`."""
    return KeyOut.of(await KeyService(uow).get(caller, id))


@router.delete("/api-keys/{id}", status_code=204, responses=problems(KeyNotFound, AdministratorProtected))
async def revoke_api_key(id: UUID, caller: CurrentPerson, uow: WriteUnit) -> None:
    """Revoke a key: one's own, or any with `api-keys:manage`. It is refused everywhere within a second."""
    await KeyService(uow).revoke(caller, id)


@router.post(
    "/api-keys/{id}/rotation",
    dependencies=[shown_once],
    responses={**NOT_HIS, **problems(KeyNotFound, KeyExpired, RotationUnderWay)},
)
async def rotate_api_key(
    id: UUID, caller: CurrentPerson, uow: WriteUnit, answer: Answer, body: RotateKey = AS_SET
) -> ShownKeyOut:
    """Give a key a new secret, shown in this answer only. The old one works on for the overlap."""
    answer.header("Cache-Control", "no-store")
    return ShownKeyOut.with_text(await KeyService(uow).rotate(caller, id, body))


@router.post("/service-accounts", status_code=201, responses=problems(RoleNotFound, BeyondOwnAccess, AdministratorProtected))
async def create_service_account(body: CreateServiceAccount, caller: KeyManager, uow: WriteUnit, answer: Answer) -> UserOut:
    """Make an account for a program. It has no password and cannot sign in; keys let it in."""
    profile = await ServiceAccounts(uow).create(caller, body)
    answer.location(f"/api/v1/users/{profile.user.id}")
    return UserOut.of(profile)


@router.get("/service-accounts")
async def list_service_accounts(
    query: Annotated[ServiceAccountQuery, Query()], caller: KeyManager, uow: ReadUnit
) -> PageOut[UserOut]:
    """The accounts of programs."""
    found, profiles = await ServiceAccounts(uow).find(query)
    return PageOut[UserOut](data=UserOut.list_of(profiles), pagination=pagination_of(found))
