"""Password hashes. Hashing itself happens in the workflows, outside of any unit of work."""

from uuid import UUID

from mainspring.core import clock
from mainspring.core.database import UnitOfWork

from ..events import PasswordChanged
from ..repository import CredentialRepository
from .holding import hold_admissions
from .sessions import SessionService


class CredentialService:
    """Keeps and replaces the hash of a user's password."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.credentials = CredentialRepository(uow)

    async def hash_of(self, user_id: UUID) -> str | None:
        """The stored hash; None for a user without a password. Never leaves this module."""
        return await self.credentials.hash_of(user_id)

    async def set_first(self, user_id: UUID, password_hash: str) -> None:
        """The password of a new user."""
        await self.credentials.add(user_id, password_hash)

    async def confirm(self, user_id: UUID, old_hash: str, new_hash: str) -> bool:
        """Whether the password is still the one that was checked; `new_hash` is the same one under today's cost (R-050)."""
        return await self.credentials.replace(user_id, old_hash, new_hash)

    async def reset(self, user_id: UUID, new_hash: str) -> None:
        """Another password for whoever proved the mailbox, also where there was none; no device is known any more."""
        await self.credentials.put(user_id, new_hash, clock.now())

    async def forget(self, user_id: UUID) -> bool:
        """Take the password away; whether there was one."""
        return await self.credentials.remove(user_id)

    async def change(self, user_id: UUID, session_id: UUID, old_hash: str, new_hash: str) -> bool:
        """Another password, and the end of all other sessions; False when the password was changed meanwhile."""
        await hold_admissions(self.uow, user_id)  # before the credential, as everybody does, or two wait for each other
        if not await self.credentials.replace(user_id, old_hash, new_hash):
            return False
        await SessionService(self.uow).end_others(user_id, session_id, "password_change")
        self.uow.publish(PasswordChanged(user_id))
        return True
