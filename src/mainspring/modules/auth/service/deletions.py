"""Leaving for good: a wish, a time to think it over, then everything personal is erased."""

from datetime import datetime
from uuid import UUID

from mainspring.core import clock
from mainspring.core.database import UnitOfWork
from mainspring.core.settings import Settings as CoreSettings
from mainspring.modules.users.service import UserService

from ..events import DeletionCancelled, DeletionWished
from ..repository import DeletionRepository
from ..settings import Settings
from .holding import hold_admissions
from .sessions import SessionService


class DeletionService:
    """Call its methods while nobody else comes in as the user (`hold_admissions`); `carry_out` sees to that itself."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.deletions = DeletionRepository(uow)

    async def wish(self, user_id: UUID) -> datetime:
        """End all sessions and erase the account once the grace is over; when that is. Without grace it is gone at once.

        Raises LastAdministrator.
        """
        grace, now = self.uow.port(CoreSettings).section(Settings).deletion_grace, clock.now()
        await UserService(self.uow).may_leave(user_id)
        if not grace:
            await self._erase(user_id)
            return now
        await self.deletions.add(user_id, now, now + grace)
        due_at = await self.deletions.due_at(user_id) or now + grace
        await SessionService(self.uow).end_all(user_id, "deletion_wished")
        self.uow.publish(DeletionWished(user_id, due_at))
        return due_at

    async def cancel(self, user_id: UUID) -> None:
        """The owner came back."""
        if await self.deletions.cancel(user_id):
            self.uow.publish(DeletionCancelled(user_id))

    async def due(self, most: int) -> list[UUID]:
        """Users whose grace is over."""
        return await self.deletions.due(clock.now(), most)

    async def carry_out(self, user_id: UUID) -> bool:
        """Erase an account whose grace is over; False when its owner came back meanwhile. Raises LastAdministrator."""
        await hold_admissions(self.uow, user_id)
        if not await self.deletions.claim(user_id, clock.now()):
            return False
        await self._erase(user_id)
        return True

    async def _erase(self, user_id: UUID) -> None:
        await UserService(self.uow).erase(user_id)
        await self.deletions.erase(user_id)
