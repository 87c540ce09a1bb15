"""Beginning to act as another user. The token is signed once the session is there."""

from uuid import UUID

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.security.principal import Principal

from ..rows import ActingAs
from ..schemas import BeginImpersonation
from ..service import Admission
from ..service.issuing import issue_to_impersonator


class Impersonating:
    """The door is open to holders of `users:impersonate` who proved lately who they are."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context

    async def run(self, caller: Principal, user_id: UUID, wish: BeginImpersonation) -> ActingAs:
        """Raises UserNotFound, ImpersonationRefused."""
        async with self.application.unit(self.context) as uow:
            begun = await Admission(uow).impersonate(caller, user_id, wish.reason)
        return issue_to_impersonator(self.application, begun)
