"""Wishing another address, with the help of the password where there is one."""

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.security.principal import Principal
from mainspring.modules.users.service import UserService

from ..errors import SameEmail, WrongPassword
from ..schemas import ChangeEmail
from ..service import CredentialService, EmailChangeService, hold_admissions
from .confirming import confirm_password


class ChangingEmail:
    """Asks both mailboxes; nothing changes before they agreed (ASVS 6.2.3, 7.5.1)."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context

    async def run(self, caller: Principal, wish: ChangeEmail) -> None:
        """Raises SameEmail, and what `confirm_password` raises.

        An address that another account has is no refusal: the answer would tell that it is known (D-11).
        """
        async with self.application.reading(self.context) as uow:
            user = await UserService(uow).get(caller.id)
        if user.email == wish.new_email:
            raise SameEmail()
        stored = await confirm_password(self.application, self.context, caller, wish.current_password, "currentPassword")
        async with self.application.unit(self.context) as uow:
            await hold_admissions(uow, caller.id)
            if stored is not None and not await CredentialService(uow).confirm(caller.id, stored, stored):
                raise WrongPassword()  # it was changed while we hashed
            await EmailChangeService(uow).wish(caller, await UserService(uow).get(caller.id), wish.new_email)
