"""Another address: it is the user's once the old and the new mailbox agreed, so that a stolen session cannot move an account."""

from uuid import UUID

from mainspring.core import clock, ids
from mainspring.core.database import UnitOfWork
from mainspring.core.security.principal import Principal
from mainspring.modules.users.errors import UserNotFound
from mainspring.modules.users.rows import UserRow
from mainspring.modules.users.service import UserService

from ..errors import LinkInvalid
from ..events import EmailChanged, EmailChangeWished
from ..repository import EmailChangeRepository, EmailProofRepository
from ..rows import Letter, MailedProof, WishedEmail
from ..schemas import SendChangeProofs
from .email_proofs import CHANGE, EVERY_PURPOSE, KEPT_EXPIRED, KINDS, EmailProofService
from .sessions import SessionService


class EmailChangeService:
    """A mailbox that was never proved has no say, only the new one; the old address is told in any case."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.changes = EmailChangeRepository(uow)

    async def wish(self, caller: Principal, user: UserRow, new_email: str) -> None:
        """Keep the wish instead of an older one, and have both mailboxes asked. Links of the older one are dead."""
        now = clock.now()
        wish = WishedEmail(
            ids.new(), user.id, caller.session_id, user.email, new_email, None if user.email_verified else now, None
        )
        await EmailProofRepository(self.uow).use_up(user.id, [CHANGE], now)
        await self.changes.replace(wish, now, now + KINDS[CHANGE].life)
        self.uow.publish(EmailChangeWished(user.id, user.email, new_email))
        self.uow.enqueue(SendChangeProofs(wish.id, user.id))

    async def letters(self, order: SendChangeProofs) -> list[Letter]:
        """What both mailboxes are asked. The new one gets nothing when another account has it: its owner has no part in this."""
        wish = await self.changes.find(order.change_id, clock.now())
        if wish is None:
            return []
        users, proofs = UserService(self.uow), EmailProofService(self.uow)
        try:
            user = await users.get(order.user_id)
        except UserNotFound:
            return []
        values = {"old_email": wish.old_email, "new_email": wish.new_email}
        wanted = [] if wish.old_confirmed_at else [(wish.old_email, "change_email_old")]
        if await users.by_email(wish.new_email) is None:
            wanted.append((wish.new_email, "change_email_new"))
        letters = [
            await proofs.offer_to(user, CHANGE, MailedProof(user.id, address, wish.id), template, values)
            for address, template in wanted
        ]
        return [letter for letter in letters if letter is not None]

    async def confirm(self, proof: MailedProof) -> bool:
        """Note that a mailbox agreed; whether the address has changed now. Raises LinkInvalid, EmailTaken."""
        now = clock.now()
        wish = await self.changes.find(_subject_of(proof), now)
        if wish is None or proof.address not in (wish.old_email, wish.new_email):
            raise LinkInvalid()
        wish = await self.changes.confirm(wish.id, proof.address, wish, now)
        if wish is None:
            raise LinkInvalid()
        if wish.old_confirmed_at is None or wish.new_confirmed_at is None:
            return False
        await self._move(wish)
        return True

    async def forget_expired(self) -> int:
        """Delete wishes that expired a day ago; how many."""
        return await self.changes.forget(clock.now() - KEPT_EXPIRED)

    async def _move(self, wish: WishedEmail) -> None:
        try:
            await UserService(self.uow).change_email(wish.user_id, wish.old_email, wish.new_email)
        except UserNotFound:
            raise LinkInvalid() from None
        await self.changes.cancel(wish.user_id)
        await EmailProofRepository(self.uow).use_up(wish.user_id, EVERY_PURPOSE, clock.now())
        await SessionService(self.uow).end_others(wish.user_id, wish.session_id, "email_change")
        self.uow.publish(EmailChanged(wish.user_id, wish.old_email, wish.new_email))


def _subject_of(proof: MailedProof) -> UUID:
    if proof.subject_id is None:
        raise LinkInvalid()
    return proof.subject_id
