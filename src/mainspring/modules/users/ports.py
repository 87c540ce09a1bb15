"""What users needs from modules above it."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from mainspring.core.database import UnitOfWork
from mainspring.core.security.principal import Principal


class AccountMaker(Protocol):
    """Makes accounts with passwords for whoever runs the installation."""

    async def make(self, email: str, name: str, password: str, roles: Sequence[str]) -> UUID:
        """The id of the new user. Raises Invalid, EmailTaken, NotFound for an unknown role."""
        ...


class SessionEnder(Protocol):
    """Ends sessions for good, so that enabling an account later revives none of them (D-06)."""

    async def end_all(self, uow: UnitOfWork, user_id: UUID, reason: str) -> int:
        """End every session of the user in the caller's transaction; how many there were."""
        ...


class AccountGuard(Protocol):
    """Protects administrators from those who are not, and the installation from losing its last one."""

    async def may_change(self, uow: UnitOfWork, caller: Principal, user_id: UUID) -> None:
        """Raises Forbidden when the user is an administrator and the caller is not."""
        ...

    async def may_leave(self, uow: UnitOfWork, user_id: UUID) -> None:
        """Raises Conflict when the user is the last active administrator. Holds the answer true until commit."""
        ...
