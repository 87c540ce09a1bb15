"""Deleting one's own account, with the help of the password where there is one."""

from datetime import datetime

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.security.principal import Principal

from ..errors import WrongPassword
from ..schemas import CurrentPassword
from ..service import CredentialService, DeletionService, hold_admissions
from .confirming import confirm_password


class Leaving:
    """All sessions end with the wish; the account itself once the grace is over."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context

    async def run(self, caller: Principal, wish: CurrentPassword) -> datetime:
        """When the account is erased. Raises LastAdministrator, and what `confirm_password` raises."""
        stored = await confirm_password(self.application, self.context, caller, wish.current_password, "currentPassword")
        async with self.application.unit(self.context) as uow:
            await hold_admissions(uow, caller.id)
            if stored is not None and not await CredentialService(uow).confirm(caller.id, stored, stored):
                raise WrongPassword()  # it was changed while we hashed
            return await DeletionService(uow).wish(caller.id)
