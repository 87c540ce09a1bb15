"""The trail of changes over REST."""

from typing import Annotated

from fastapi import Query

from mainspring.core.http import PageOut, ReadUnit, Router

from .permissions import AuditReader
from .schemas import AuditOut, AuditQuery
from .service import AuditService

router = Router(tags=["audit"])


@router.get("/audit")
async def list_changes(query: Annotated[AuditQuery, Query()], caller: AuditReader, uow: ReadUnit) -> PageOut[AuditOut]:
    """Who changed what, newest first."""
    return PageOut[AuditOut].of(await AuditService(uow).find(query))
