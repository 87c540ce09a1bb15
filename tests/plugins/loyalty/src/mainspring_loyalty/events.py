"""Facts of loyalty."""

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from mainspring.core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsAwarded(Event):
    """A user was given points; it leaves an audit record."""

    audited: ClassVar[bool] = True
    action: ClassVar[str] = "AWARD"
    resource: ClassVar[str] = "loyalty_award"

    award_id: UUID
    user_id: UUID
    points: int

    @property
    def resource_id(self) -> str:
        """The award's id."""
        return str(self.award_id)

    def changes(self) -> dict[str, Any]:
        """Who was given how much."""
        return {"userId": str(self.user_id), "points": self.points}
