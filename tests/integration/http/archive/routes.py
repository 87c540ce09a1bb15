"""Routes of a module with a database of its own; each tells which one it was given."""

from mainspring.core.audit.record import AuditRecord
from mainspring.core.http import App, CallContext, Out, ReadUnit, Router, WriteUnit
from mainspring.core.security.guard import public

router = Router(prefix="/archive", tags=["archive"], dependencies=[public])


class Told(Out):
    url: str


@router.get("")
async def reads(uow: ReadUnit) -> Told:
    return Told(url=uow.database.url)


@router.post("", status_code=201)
async def writes(uow: WriteUnit) -> Told:
    uow.audit(AuditRecord("CREATE", "note"))
    return Told(url=uow.database.url)


@router.post("/workflow", status_code=201)
async def opens_units(application: App, context: CallContext) -> Told:
    async with application.unit(context) as uow:
        uow.audit(AuditRecord("CREATE", "note"))
        return Told(url=uow.database.url)
