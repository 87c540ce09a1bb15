"""Clients over REST."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from mainspring.core.http import Answer, IfMatch, PageOut, ReadUnit, WriteUnit, problems, shown_once
from mainspring.modules.access.errors import AdministratorProtected, BeyondOwnAccess
from mainspring.modules.users.errors import UserNotFound

from ..errors import ClientIsPublic, ClientNotFound, LogoutAddressRefused, NotAServiceAccount, RedirectRefused, ScopeUnknown
from ..permissions import ClientManager
from ..schemas import ClientOut, ClientQuery, CreateClient, ShownClientOut, UpdateClient
from ..service import ClientService
from .router import router

BEYOND = problems(NotAServiceAccount, AdministratorProtected, BeyondOwnAccess)


@router.post("/oauth-clients", status_code=201, dependencies=[shown_once], responses={**BEYOND, **problems(UserNotFound)})
async def create_oauth_client(body: CreateClient, caller: ClientManager, uow: WriteUnit, answer: Answer) -> ShownClientOut:
    """Make a client. The secret of a confidential one is shown in this answer only."""
    answer.header("Cache-Control", "no-store")
    return ShownClientOut.with_secret(await ClientService(uow).create(caller, body))


@router.get("/oauth-clients")
async def list_oauth_clients(query: Annotated[ClientQuery, Query()], caller: ClientManager, uow: ReadUnit) -> PageOut[ClientOut]:
    """The clients, newest first."""
    return PageOut[ClientOut].of(await ClientService(uow).find(query))


@router.get("/oauth-clients/{id}", responses=problems(ClientNotFound))
async def get_oauth_client(id: UUID, caller: ClientManager, uow: ReadUnit) -> ClientOut:
    """A client."""
    return ClientOut.of(await ClientService(uow).get(id))


@router.patch(
    "/oauth-clients/{id}",
    responses={**BEYOND, **problems(ClientNotFound, UserNotFound, ScopeUnknown, RedirectRefused, LogoutAddressRefused)},
)
async def update_oauth_client(
    id: UUID, body: UpdateClient, expected: IfMatch, caller: ClientManager, uow: WriteUnit
) -> ClientOut:
    """Change a client. Grants and scopes that are taken away count from its next refresh on."""
    return ClientOut.of(await ClientService(uow).update(caller, id, body, expected))


@router.delete("/oauth-clients/{id}", status_code=204, responses=problems(ClientNotFound))
async def delete_oauth_client(id: UUID, caller: ClientManager, uow: WriteUnit) -> None:
    """Delete a client. Its tokens are refused everywhere within a second."""
    await ClientService(uow).delete(id)


@router.post(
    "/oauth-clients/{id}/rotation",
    dependencies=[shown_once],
    responses={**BEYOND, **problems(ClientNotFound, ClientIsPublic)},
)
async def rotate_oauth_client(id: UUID, caller: ClientManager, uow: WriteUnit, answer: Answer) -> ShownClientOut:
    """Give a client another secret, shown in this answer only. The old one is worth nothing at once."""
    answer.header("Cache-Control", "no-store")
    return ShownClientOut.with_secret(await ClientService(uow).rotate(caller, id))
