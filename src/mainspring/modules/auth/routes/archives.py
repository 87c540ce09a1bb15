"""Taking along what is kept about oneself."""

from uuid import UUID

from mainspring.core.http import Answer, ReadUnit, WriteUnit, limit, problems
from mainspring.core.security.guard import RecentlyAuthenticated
from mainspring.core.security.refusals import StepUpRequired

from ..errors import ExportNotFound
from ..schemas import DataExportOut
from ..service import ExportService
from ..service.exports import unpacked
from .router import router


@router.post(
    "/users/me/export",
    status_code=202,
    responses=problems(StepUpRequired),
    dependencies=[limit(lambda settings: settings.limits.exports, by="user")],
)
async def ask_for_export(caller: RecentlyAuthenticated, uow: WriteUnit, answer: Answer) -> DataExportOut:
    """Have an archive made of everything that is kept about oneself; `Location` is where it is going to be."""
    row = await ExportService(uow).ask(caller.id)
    answer.location(f"/api/v1/users/me/exports/{row.id}")
    return DataExportOut.with_data(row, None)


@router.get("/users/me/exports/{id}", responses=problems(ExportNotFound, StepUpRequired))
async def get_export(id: UUID, caller: RecentlyAuthenticated, uow: ReadUnit, answer: Answer) -> DataExportOut:
    """An archive of oneself, for seven days."""
    row = await ExportService(uow).get(id, caller.id)
    answer.header("Cache-Control", "no-store")
    answer.header("Content-Disposition", f'attachment; filename="archive-{row.id}.json"')
    return DataExportOut.with_data(row, unpacked(row.content))
