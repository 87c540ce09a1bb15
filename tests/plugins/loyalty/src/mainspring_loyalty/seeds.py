"""Demonstration data: a welcome award for the first users."""

from collections.abc import Callable

from mainspring.core.application import Application
from mainspring.modules.users.schemas import UserQuery
from mainspring.modules.users.service import UserService

from .schemas import AwardPoints
from .service import LoyaltyService
from .settings import Settings


async def seed(application: Application, progress: Callable[[str, int, int], None]) -> int:
    """Welcome the first ten users who have no points yet; how many that were."""
    most_points = application.settings.section(Settings).most_points
    async with application.unit() as uow:
        loyalty = LoyaltyService(uow, most_points)
        users, _ = await UserService(uow).find(UserQuery(limit=10))
        new = [user for user in users.rows if not await loyalty.points_of(user.id)]
        for user in new:
            await loyalty.award(AwardPoints(user_id=user.id, points=10, reason="Welcome"))
        return len(new)
