"""Second factors that a role asks for (`MFA__REQUIRED_ROLES`). Sessions without one are kept in by the guards of core."""

from uuid import UUID

from mainspring.core.database import UnitOfWork
from mainspring.core.security.ports import Held, PermissionSource
from mainspring.core.settings import Settings as CoreSettings

from ..errors import SecondFactorCompulsory
from ..rows import SessionRow, proved_two


async def refuse_last_factor(uow: UnitOfWork, user_id: UUID) -> None:
    """Before the last factor of somebody goes. Raises SecondFactorCompulsory when one of his roles asks for it."""
    held = (await uow.port(PermissionSource).held(uow, [user_id])).get(user_id, Held())
    if uow.port(CoreSettings).mfa.owes_factor(held.roles, has_two_factors=False):
        raise SecondFactorCompulsory()


async def owes_factor(uow: UnitOfWork, session: SessionRow) -> bool:
    """Whether the owner of the session has a role that asks for a second factor, and did not prove one in it."""
    held = (await uow.port(PermissionSource).held(uow, [session.user_id])).get(session.user_id, Held())
    return uow.port(CoreSettings).mfa.owes_factor(held.roles, proved_two(session.method, session.second_factor))
