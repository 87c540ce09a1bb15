"""Whether somebody may be in at all."""

from uuid import UUID

from mainspring.core.database import UnitOfWork
from mainspring.core.errors import Unauthenticated
from mainspring.modules.users.rows import Profile
from mainspring.modules.users.service import UserService


async def profile_in_good_standing(uow: UnitOfWork, user_id: UUID, refusal: type[Unauthenticated]) -> Profile:
    """The user with roles and permissions as of now. Raises `refusal` when the account is disabled or deleted."""
    users = UserService(uow)
    if not await users.standing([user_id]):
        raise refusal()
    return await users.profile(await users.get(user_id))
