"""The trail of changes over REST."""

from typing import Annotated

from fastapi import Query

from mainspring.core.http import App, PageOut, ReadUnit, Router

from .permissions import AuditReader
from .schemas import AuditOut, AuditQuery, VerificationOut, VerificationQuery
from .service import AuditService, CheckingTrail

router = Router(tags=["audit"])


@router.get("/audit")
async def list_changes(query: Annotated[AuditQuery, Query()], caller: AuditReader, uow: ReadUnit) -> PageOut[AuditOut]:
    """Who changed what, newest first."""
    return PageOut[AuditOut].of(await AuditService(uow).find(query))


@router.get("/audit/verification")
async def verify_changes(query: Annotated[VerificationQuery, Query()], caller: AuditReader, application: App) -> VerificationOut:
    """Check the newest rows of the trail: that none was altered, removed, inserted or moved since it was written.

    The whole trail is checked by `mainspring audit verify`.
    """
    return VerificationOut.telling(*await CheckingTrail(application).run(query.rows))
