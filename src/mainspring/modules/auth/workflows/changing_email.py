"""Wishing another address with the help of the password."""

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.limits.failures import FailureLimit
from mainspring.core.security.passwords import Passwords
from mainspring.core.security.principal import Principal
from mainspring.modules.users.service import UserService

from ..errors import SameEmail, WrongPassword
from ..schemas import ChangeEmail
from ..service import CredentialService, EmailChangeService, hold_admissions


class ChangingEmail:
    """Asks both mailboxes; nothing changes before they agreed (ASVS 6.2.3, 7.5.1)."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context

    async def run(self, caller: Principal, wish: ChangeEmail) -> None:
        """Raises SameEmail, WrongPassword, and TooManyRequests after five wrong ones.

        An address that another account has is no refusal: the answer would tell that it is known (D-11).
        """
        async with self.application.reading(self.context) as uow:
            user = await UserService(uow).get(caller.id)
            stored = await CredentialService(uow).hash_of(caller.id)
        if user.email == wish.new_email:
            raise SameEmail()
        passwords = self.application.resolve(Passwords)
        async with self.application.resolve(FailureLimit).attempt(user.email, self.context.address):
            if stored is None or not (await passwords.verify(wish.current_password, stored)).matches:
                raise WrongPassword()
        async with self.application.unit(self.context) as uow:
            await hold_admissions(uow, caller.id)
            if not await CredentialService(uow).confirm(caller.id, stored, stored):
                raise WrongPassword()  # it was changed while we hashed
            await EmailChangeService(uow).wish(caller, await UserService(uow).get(caller.id), wish.new_email)
