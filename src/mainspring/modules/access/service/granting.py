"""Single permissions given to single users, for a time or until taken back (R-108 to R-110)."""

from datetime import datetime, timedelta
from uuid import UUID

from mainspring.core import clock
from mainspring.core.database import Page, Slice, UnitOfWork
from mainspring.core.security.principal import Principal
from mainspring.core.security.snapshots import Snapshots
from mainspring.modules.users.service import UserService

from ..errors import GrantNotFound
from ..events import PermissionGranted, PermissionRevoked
from ..repository import GRANTS, HoldingRepository
from ..rows import GrantRow
from ..schemas import GrantQuery
from .powers import Powers
from .roles import known


class GrantService:
    """Decided at use time: an expired grant is no grant, whether or not its row is still there."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.holdings = HoldingRepository(uow)

    async def of_user(self, user_id: UUID, query: GrantQuery) -> Page[GrantRow] | Slice[GrantRow]:
        """The grants of a user that have not ended. Raises UserNotFound."""
        await UserService(self.uow).get(user_id)
        return await query.fetch(self.uow, GRANTS, user_id=user_id, now=clock.now())

    async def grant(
        self,
        caller: Principal | None,
        user_id: UUID,
        permission: str,
        *,
        lasting: timedelta | None = None,
        until: datetime | None = None,
    ) -> GrantRow:
        """Give a permission, until a moment, for a duration, or without end; a second time replaces the end.

        Raises PermissionNotFound, UserNotFound, OwnAccess, BeyondOwnAccess.
        """
        known([permission])
        powers = await Powers.over(self.uow, caller, user_id)
        powers.require([permission])
        now = clock.now()
        expires_at = now + lasting if lasting is not None else until
        grant = await self.holdings.grant(user_id, permission, expires_at, now, powers.caller.id if powers.caller else None)
        self.uow.publish(PermissionGranted(user_id, permission, expires_at))
        self._forget(user_id)
        return grant

    async def revoke(self, caller: Principal | None, user_id: UUID, permission: str) -> None:
        """Take a permission back. Raises UserNotFound, GrantNotFound, OwnAccess, BeyondOwnAccess."""
        powers = await Powers.over(self.uow, caller, user_id)
        powers.require([permission])
        if not await self.holdings.revoke(user_id, permission):
            raise GrantNotFound()
        self.uow.publish(PermissionRevoked(user_id, permission))
        self._forget(user_id)

    def _forget(self, user_id: UUID) -> None:
        snapshots = self.uow.port(Snapshots)
        self.uow.after_commit(lambda: snapshots.forget_user(user_id))
