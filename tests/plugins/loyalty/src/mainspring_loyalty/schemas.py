"""Bodies and answers of loyalty."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from mainspring.core.http import Out, Schema


class AwardPoints(Schema):
    """Give a user points."""

    user_id: UUID
    points: int = Field(ge=1, le=1_000_000, strict=True)
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class AwardOut(Out):
    """One award."""

    id: UUID
    user_id: UUID
    points: int
    reason: str


class PointsOut(Out):
    """The points of the signed-in user."""

    points: int
