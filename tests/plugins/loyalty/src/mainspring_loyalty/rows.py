"""What the repository returns."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class AwardRow:
    """One award."""

    id: UUID
    user_id: UUID
    points: int
    reason: str
