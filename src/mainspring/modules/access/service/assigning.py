"""Who holds which role."""

from collections.abc import Sequence
from uuid import UUID

from mainspring.core import clock
from mainspring.core.database import UnitOfWork
from mainspring.core.security.principal import Principal
from mainspring.core.security.snapshots import Snapshots
from mainspring.modules.users.service import UserService

from ..errors import RoleNotFound, RoleNotHeld
from ..events import RoleAssigned, RoleUnassigned
from ..repository import HoldingRepository, RoleRepository
from .holdings import ADMIN
from .powers import Powers, Protection
from .roles import RoleService

DEFAULT_ROLES = ("user",)


class AssignmentService:
    """Gives roles and takes them back. A change counts at once and ends no session (ARCHITECTURE 10 f)."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.holdings = HoldingRepository(uow)

    async def roles_of(self, user_id: UUID) -> list[str]:
        """The roles of a user. Raises UserNotFound."""
        await UserService(self.uow).get(user_id)
        return sorted(held.name for held in await self.holdings.roles_of([user_id]))

    async def administrators(self) -> list[UUID]:
        """The administrators who may come in."""
        return list(await UserService(self.uow).standing(await self.holdings.holders_of(ADMIN)))

    async def assign(self, caller: Principal | None, user_id: UUID, role: str) -> list[str]:
        """Give a role; giving it twice changes nothing. Raises UserNotFound, RoleNotFound, OwnAccess, BeyondOwnAccess."""
        powers = await Powers.over(self.uow, caller, user_id)
        await self._give(powers, user_id, role)
        return await self.roles_of(user_id)

    async def unassign(self, caller: Principal | None, user_id: UUID, role: str) -> None:
        """Take a role back. Raises UserNotFound, RoleNotHeld, OwnAccess, BeyondOwnAccess, LastAdministrator."""
        powers = await Powers.over(self.uow, caller, user_id)
        await self._take(powers, user_id, role)

    async def replace(self, caller: Principal | None, user_id: UUID, roles: Sequence[str]) -> list[str]:
        """Make these the roles of the user. Raises as `assign` and `unassign` do."""
        powers = await Powers.over(self.uow, caller, user_id)
        before = await self.roles_of(user_id)
        for role in sorted(set(roles) - set(before)):
            await self._give(powers, user_id, role)
        for role in sorted(set(before) - set(roles)):
            await self._take(powers, user_id, role)
        return sorted(set(roles))

    async def welcome(self, caller: Principal | None, user_id: UUID, roles: Sequence[str] = DEFAULT_ROLES) -> None:
        """Give a new user his first roles (R-141). Only the default ones need no power over them."""
        powers = await Powers.of(self.uow, caller)
        for role in sorted(set(roles)):
            await self._give(powers, user_id, role)

    async def _give(self, powers: Powers, user_id: UUID, role: str) -> None:
        wanted = await RoleService(self.uow).get(role)
        if role == ADMIN:
            powers.require_admin()
        elif role not in DEFAULT_ROLES:
            powers.require(wanted.permissions)
        if await self.holdings.give_role(user_id, wanted.role.id, clock.now(), powers.caller.id if powers.caller else None):
            self.uow.publish(RoleAssigned(user_id, role))
            self._forget(user_id)

    async def _take(self, powers: Powers, user_id: UUID, role: str) -> None:
        held = await RoleRepository(self.uow).by_name(role)
        if held is None:
            raise RoleNotFound(role)
        if role == ADMIN:
            powers.require_admin()
            await Protection().may_leave(self.uow, user_id)
        else:
            powers.require((await RoleService(self.uow).get(role)).permissions)
        if not await self.holdings.take_role(user_id, held.id):
            raise RoleNotHeld()
        self.uow.publish(RoleUnassigned(user_id, role))
        self._forget(user_id)

    def _forget(self, user_id: UUID) -> None:
        snapshots = self.uow.port(Snapshots)
        self.uow.after_commit(lambda: snapshots.forget_user(user_id))
