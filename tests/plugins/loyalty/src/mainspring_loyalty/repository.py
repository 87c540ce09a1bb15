"""The questions to the table of awards."""

from uuid import UUID

from sqlalchemy import func, select

from mainspring.core.database import Repository, Statement, bind, insert_into

from .models import Award
from .rows import AwardRow

COLUMNS = (Award.id, Award.user_id, Award.points, Award.reason)

ADD = Statement(insert_into(Award, "user_id", "points", "reason").returning(*COLUMNS), AwardRow)

TOTAL = Statement(select(func.coalesce(func.sum(Award.points), 0)).where(Award.user_id == bind("user_id", Award.user_id)), int)


class AwardRepository(Repository):
    """Awards of users."""

    async def add(self, user_id: UUID, points: int, reason: str) -> AwardRow:
        """A new award."""
        return await self.uow.only(ADD, user_id=user_id, points=points, reason=reason)

    async def total(self, user_id: UUID) -> int:
        """All points of a user."""
        return await self.uow.value(TOTAL, user_id=user_id) or 0
