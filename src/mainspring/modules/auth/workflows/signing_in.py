"""Signing in: look, verify, begin a session. No unit is open while the password is hashed."""

from uuid import UUID

from mainspring.core import ids
from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.limits.failures import FailureLimit
from mainspring.core.observability import security_events
from mainspring.core.security.passwords import Passwords
from mainspring.modules.users.service import UserService

from ..errors import InvalidCredentials
from ..rows import Device, Entered, MfaRequired, Proof, SignedInAs
from ..schemas import Login
from ..service import Admission, CredentialService, PasswordGuessService, hold_admissions, issue_if_entered
from .judging_password import JudgedPassword, judge_password


class SigningIn:
    """Answers alike, in text and in time, for an unknown address, a wrong password and a disabled account (D-11)."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context

    async def run(self, login: Login) -> SignedInAs | MfaRequired:
        """Raises InvalidCredentials, TooManyRequests after five failures, Unavailable when too many are waiting."""
        return issue_if_entered(self.application, await self.enter(login, login.transport))

    async def enter(self, login: Login, transport: str) -> Entered | MfaRequired:
        """The same without an access token."""
        async with self.application.resolve(FailureLimit).attempt(login.email, self.context.address):
            try:
                return await self._sign_in(login, transport)
            except InvalidCredentials:
                security_events.failed_login(email=login.email, ip=self.context.address)
                raise

    async def _sign_in(self, login: Login, transport: str) -> Entered | MfaRequired:
        user_id, stored, device = await self._look(login.email)
        judged = await judge_password(self.application, self.context, login.email, device, login.password, stored)
        if user_id is None or stored is None or not judged.verdict.matches:
            raise InvalidCredentials()
        if judged.verdict.outdated:
            new_hash = await self.application.resolve(Passwords).hash(login.password)
            return await self._begin(user_id, stored, new_hash, transport, judged)
        return await self._begin(user_id, stored, stored, transport, judged)

    async def _look(self, email: str) -> tuple[UUID | None, str | None, Device | None]:
        """Two statements whether or not the address is known, so that time tells nothing; one more for a known device."""
        async with self.application.reading(self.context) as uow:
            user = await UserService(uow).by_email(email)
            id = user.id if user else ids.new()
            stored = await CredentialService(uow).hash_of(id)
            device = await PasswordGuessService(uow).known_device(id)
        if user is None or not user.is_active:
            return None, None, device
        return user.id, stored, device

    async def _begin(
        self, user_id: UUID, stored: str, new_hash: str, transport: str, judged: JudgedPassword
    ) -> Entered | MfaRequired:
        async with self.application.unit(self.context) as uow:
            await hold_admissions(uow, user_id)  # before the credential, as everybody does, or two wait for each other
            # the row stays locked until the session is there: a change of password meanwhile waits, and then ends the session
            if not await CredentialService(uow).confirm(user_id, stored, new_hash):
                raise InvalidCredentials()
            await judged.release(uow)
            return await Admission(uow).admit(Proof(user_id, "password"), transport)
