"""What a caller may give or take, and who protects the administrators."""

from collections.abc import Iterable
from uuid import UUID

from mainspring.core.application import Application
from mainspring.core.database import UnitOfWork
from mainspring.core.security.ports import Held
from mainspring.core.security.principal import Principal
from mainspring.modules.users.service import UserService

from ..errors import AdministratorProtected, BeyondOwnAccess, LastAdministrator, OwnAccess
from ..repository import HoldingRepository, RoleRepository
from .holdings import ADMIN, Holdings


class Powers:
    """What the caller holds, read in the caller's own transaction. The system itself (no caller) may everything."""

    def __init__(self, caller: Principal | None, held: Held) -> None:
        self.caller = caller
        self.held = held

    @classmethod
    async def of(cls, uow: UnitOfWork, caller: Principal | None) -> "Powers":
        """The powers of a caller as of now, never as of his token; an API key's are those of its owner within its scopes."""
        if caller is None:
            return cls(None, Held(roles=frozenset({ADMIN})))
        held = (await Holdings().held(uow, [caller.id])).get(caller.id, Held())
        return cls(caller, held.within(caller.scopes))

    @classmethod
    async def over(cls, uow: UnitOfWork, caller: Principal | None, user_id: UUID) -> "Powers":
        """The powers of a caller over what a user may do.

        Raises OwnAccess for oneself, UserNotFound, and AdministratorProtected for an administrator when the caller is none.
        """
        powers = await cls.of(uow, caller)
        powers._not_oneself(user_id)
        await UserService(uow).get(user_id)
        await Protection().may_change(uow, caller, user_id)
        return powers

    @property
    def is_admin(self) -> bool:
        """Whether the caller is an administrator or the system."""
        return ADMIN in self.held.roles

    def require(self, permissions: Iterable[str]) -> None:
        """Raises BeyondOwnAccess when the caller lacks one of them: nobody gives or takes what he does not hold."""
        missing = [] if self.is_admin else sorted(set(permissions) - self.held.permissions)
        if missing:
            raise BeyondOwnAccess(missing)

    def require_admin(self) -> None:
        """Raises AdministratorProtected for all but administrators."""
        if not self.is_admin:
            raise AdministratorProtected()

    def _not_oneself(self, user_id: UUID) -> None:
        if self.caller is not None and self.caller.id == user_id:
            raise OwnAccess()


class Protection:
    """The `AccountGuard` of users."""

    async def may_change(self, uow: UnitOfWork, caller: Principal | None, user_id: UUID) -> None:
        """Raises AdministratorProtected when the user is an administrator and the caller is not."""
        if await HoldingRepository(uow).holds_role(user_id, ADMIN):
            (await Powers.of(uow, caller)).require_admin()

    async def may_leave(self, uow: UnitOfWork, user_id: UUID) -> None:
        """Raises LastAdministrator when no other active user is an administrator.

        The row of the role is locked first: two administrators who remove each other at the same time take turns.
        """
        if not await HoldingRepository(uow).holds_role(user_id, ADMIN):
            return
        await RoleRepository(uow).lock(ADMIN)
        others = [held for held in await HoldingRepository(uow).holders_of(ADMIN) if held != user_id]
        if not await UserService(uow).standing(others):
            raise LastAdministrator()


def protection(application: Application) -> Protection:
    """The guard for an application."""
    return Protection()
