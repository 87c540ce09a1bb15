"""Which clients may act for the caller, and taking it back (ASVS 10.7.3)."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from mainspring.core.http import PageOut, ReadUnit, WriteUnit, problems
from mainspring.core.security.guard import CurrentPerson

from ..errors import ConsentNotFound
from ..schemas import ConsentOut, ConsentQuery
from ..service import ConsentService
from .router import router


@router.get("/oauth-consents")
async def list_oauth_consents(
    query: Annotated[ConsentQuery, Query()], caller: CurrentPerson, uow: ReadUnit
) -> PageOut[ConsentOut]:
    """The clients that the caller let in, and what they may do."""
    return PageOut[ConsentOut].of(await ConsentService(uow).find(caller, query))


@router.delete("/oauth-consents/{client_id}", status_code=204, responses=problems(ConsentNotFound))
async def withdraw_oauth_consent(client_id: UUID, caller: CurrentPerson, uow: WriteUnit) -> None:
    """Take back what a client may do. Its tokens are refused everywhere within a second."""
    await ConsentService(uow).withdraw(caller.id, client_id)
