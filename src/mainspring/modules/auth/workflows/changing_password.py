"""Choosing a new password with the help of the old one."""

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.observability import security_events
from mainspring.core.security.new_passwords import NewPasswords
from mainspring.core.security.passwords import Passwords
from mainspring.core.security.principal import Principal
from mainspring.modules.users.service import UserService

from ..errors import WrongPassword
from ..schemas import ChangePassword
from ..service import CredentialService
from .confirming import confirm_password


class ChangingPassword:
    """Ends all other sessions of the user; the one that asked goes on (ASVS 7.4.3)."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context

    async def run(self, caller: Principal, wish: ChangePassword) -> None:
        """Raises WrongPassword, Invalid for the new password, and TooManyRequests after five wrong ones."""
        async with self.application.reading(self.context) as uow:
            user = await UserService(uow).get(caller.id)
        new = self.application.resolve(NewPasswords)
        await new.check(wish.new_password, about=(user.email, user.name), field="newPassword")
        stored = await confirm_password(self.application, self.context, caller, wish.current_password, "currentPassword")
        if stored is None:
            raise WrongPassword()
        new_hash = await self.application.resolve(Passwords).hash(wish.new_password)
        async with self.application.unit(self.context) as uow:
            if not await CredentialService(uow).change(caller.id, caller.session_id, stored, new_hash):
                raise WrongPassword()  # somebody changed it while we hashed
        security_events.password_change(user_id=caller.id, ip=self.context.address)
