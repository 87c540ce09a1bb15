"""What the links of mails do: verify an address, set a password, sign in, change an address.

Each looks at the secret first, so that noise never reaches for the writer, then uses it up in the unit that does the deed. That
unit holds the user's admissions: of two links of one user the second one waits, and then finds itself used up.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.database import UnitOfWork
from mainspring.core.limits.failures import FailureLimit
from mainspring.core.observability import security_events
from mainspring.core.security.new_passwords import NewPasswords
from mainspring.core.security.passwords import Passwords
from mainspring.modules.users.rows import UserRow
from mainspring.modules.users.service import UserService

from ..errors import LinkInvalid
from ..events import PasswordReset
from ..rows import MailedProof, MfaRequired, Proof, SignedInAs
from ..schemas import ComeInByLink, ResetPassword, ShowLink
from ..service import (
    Admission,
    Claiming,
    CredentialService,
    EmailChangeService,
    EmailProofService,
    PasswordGuessService,
    hold_admissions,
    issue_if_entered,
)
from ..service.email_proofs import CHANGE, MAGIC, RESET, VERIFY


class ProvingMailbox:
    """All raise LinkInvalid, and TooManyRequests after too many failures from the address (R-163)."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context

    async def verify(self, shown: ShowLink) -> None:
        """The address is the user's."""
        async with self._claimed(VERIFY, shown.token) as (uow, proof):
            await Claiming(uow).verify(proof)

    async def reset_password(self, shown: ResetPassword) -> None:
        """A new password, and the end of every session, link and wished address. Raises Invalid for the password."""
        async with self.application.resolve(FailureLimit).unguessed(self.context.address):
            user = await self._owner(RESET, shown.token)
            new = self.application.resolve(NewPasswords)
            await new.check(shown.new_password, about=(user.email, user.name), field="newPassword")
            new_hash = await self.application.resolve(Passwords).hash(shown.new_password)
            async with self._claiming(user, RESET, shown.token) as (uow, proof):
                await Claiming(uow).set_anew(proof)
                await CredentialService(uow).reset(proof.user_id, new_hash)
                await PasswordGuessService(uow).clear(proof.address)
                uow.publish(PasswordReset(proof.user_id))
        security_events.password_change(user_id=user.id, ip=self.context.address)

    async def sign_in(self, shown: ComeInByLink) -> SignedInAs | MfaRequired:
        """A session, or the question for the second factor. On the first proof of the mailbox nothing of before is left."""
        async with self._claimed(MAGIC, shown.token) as (uow, proof):
            await Claiming(uow).come_in(proof)
            await PasswordGuessService(uow).clear(proof.address)
            outcome = await Admission(uow).admit(Proof(proof.user_id, "magic_link"), shown.transport, LinkInvalid)
        return issue_if_entered(self.application, outcome)

    async def confirm_change(self, shown: ShowLink) -> bool:
        """One of the two mailboxes agrees; whether the address has changed now. Raises EmailTaken."""
        async with self._claimed(CHANGE, shown.token) as (uow, proof):
            return await EmailChangeService(uow).confirm(proof)

    @asynccontextmanager
    async def _claimed(self, purpose: str, token: str) -> AsyncIterator[tuple[UnitOfWork, MailedProof]]:
        async with (
            self.application.resolve(FailureLimit).unguessed(self.context.address),
            self._claiming(await self._owner(purpose, token), purpose, token) as claimed,
        ):
            yield claimed

    async def _owner(self, purpose: str, token: str) -> UserRow:
        async with self.application.reading(self.context) as uow:
            proof = await EmailProofService(uow).look(purpose, token)
            return await UserService(uow).get(proof.user_id)

    @asynccontextmanager
    async def _claiming(self, user: UserRow, purpose: str, token: str) -> AsyncIterator[tuple[UnitOfWork, MailedProof]]:
        async with self.application.unit(self.context) as uow:
            await hold_admissions(uow, user.id)
            yield uow, await EmailProofService(uow).claim(purpose, token)
