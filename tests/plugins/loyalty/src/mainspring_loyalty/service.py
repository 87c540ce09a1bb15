"""The rules of loyalty."""

from uuid import UUID

from mainspring.core.database import UnitOfWork

from .errors import TooManyPoints
from .events import PointsAwarded
from .repository import AwardRepository
from .rows import AwardRow
from .schemas import AwardPoints


class LoyaltyService:
    """Gives points and counts them."""

    def __init__(self, uow: UnitOfWork, most_points: int) -> None:
        self.uow = uow
        self.most_points = most_points
        self.awards = AwardRepository(uow)

    async def award(self, wish: AwardPoints) -> AwardRow:
        """Give points. Raises TooManyPoints."""
        if wish.points > self.most_points:
            raise TooManyPoints()
        award = await self.awards.add(wish.user_id, wish.points, wish.reason)
        self.uow.publish(PointsAwarded(award_id=award.id, user_id=award.user_id, points=award.points))
        return award

    async def points_of(self, user_id: UUID) -> int:
        """All points of a user."""
        return await self.awards.total(user_id)
