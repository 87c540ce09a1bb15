"""What ends when the owner of a mailbox takes his account back, or takes it over from whoever made it with his address.

Somebody may make an account with another's address and wait for its owner to use it ("pre-hijacked accounts", Sudhodanan and
Paverd 2022). So the first proof of the mailbox that also lets somebody in leaves nothing behind that was there before.
"""

from uuid import UUID

from mainspring.core import clock
from mainspring.core.database import UnitOfWork
from mainspring.modules.users.service import UserService

from ..events import AccountClaimed, EmailVerified
from ..ports import OtherWaysIn
from ..repository import EmailChangeRepository, EmailProofRepository, PasskeyRepository
from ..rows import MailedProof
from .credentials import CredentialService
from .email_proofs import EVERY_PURPOSE
from .sessions import SessionService


class Claiming:
    """Call it in the unit that claimed the proof."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    async def verify(self, proof: MailedProof) -> bool:
        """Note that the address is the user's; whether that is news."""
        is_first = await UserService(self.uow).verify_email(proof.user_id, proof.address)
        if is_first:
            self.uow.publish(EmailVerified(proof.user_id))
        return is_first

    async def come_in(self, proof: MailedProof) -> None:
        """Before a link lets somebody in: on the first proof, take the password and all else that was there before."""
        if await self.verify(proof):
            had_password = await CredentialService(self.uow).forget(proof.user_id)
            await self._take_ways_in(proof.user_id, ("password",) if had_password else ())
            await self.end_everything(proof.user_id, "account_claimed")

    async def set_anew(self, proof: MailedProof) -> None:
        """Before a link sets a password: end what is open; on the first proof, take all other ways in that were there before."""
        if await self.verify(proof):
            await self._take_ways_in(proof.user_id, ())
        await self.end_everything(proof.user_id, "password_reset")

    async def end_everything(self, user_id: UUID, reason: str) -> None:
        """Sessions, sign-ins under way, every other link, and the change of the address that somebody wished."""
        await SessionService(self.uow).end_all(user_id, reason)
        await EmailProofRepository(self.uow).use_up(user_id, EVERY_PURPOSE, clock.now())
        await EmailChangeRepository(self.uow).cancel(user_id)

    async def _take_ways_in(self, user_id: UUID, removed: tuple[str, ...]) -> None:
        """What opens the account by itself; a second factor stays, for it opens nothing. API keys go when they hear of it."""
        if await PasskeyRepository(self.uow).remove_all(user_id):
            removed = (*removed, "passkeys")
        removed = (*removed, *await self.uow.port(OtherWaysIn).take(self.uow, user_id))
        self.uow.publish(AccountClaimed(user_id, removed))
