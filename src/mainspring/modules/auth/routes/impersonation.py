"""Acting as another user, to see what he sees. What only a person may do is refused by the guards meanwhile."""

from uuid import UUID

from mainspring.core.http import Answer, App, CallContext, WriteUnit, problems, shown_once
from mainspring.core.security.guard import recently_signed_in
from mainspring.core.security.refusals import StepUpRequired
from mainspring.modules.users.errors import UserNotFound

from ..errors import ImpersonationRefused, NotImpersonating
from ..permissions import Impersonator
from ..schemas import BeginImpersonation, ImpersonationOut
from ..service import ImpersonationService
from ..workflows import Impersonating
from .router import router


@router.post(
    "/users/{id}/impersonation",
    status_code=201,
    dependencies=[recently_signed_in, shown_once],
    responses=problems(UserNotFound, ImpersonationRefused, StepUpRequired),
)
async def begin_impersonation(
    id: UUID, body: BeginImpersonation, caller: Impersonator, application: App, context: CallContext, answer: Answer
) -> ImpersonationOut:
    """Act as another user for a while. The user is told, and every record names both."""
    answer.header("Cache-Control", "no-store")
    return ImpersonationOut.of(await Impersonating(application, context).run(caller, id, body))


@router.delete("/users/{id}/impersonation", status_code=204, responses=problems(NotImpersonating))
async def end_impersonation(id: UUID, caller: Impersonator, uow: WriteUnit) -> None:
    """Stop acting as a user, in every session in which one does. `POST /auth/logout` ends the one that asks."""
    await ImpersonationService(uow).end(caller, id)
