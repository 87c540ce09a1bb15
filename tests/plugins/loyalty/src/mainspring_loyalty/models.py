"""The table of awards."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from mainspring.core.database import Model, Timestamps


class Award(Timestamps, Model):
    """Points that a user was given once."""

    __tablename__ = "loyalty_awards"

    user_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"))
    points: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(String(200))

    __table_args__ = (CheckConstraint("points > 0", name="points_above_zero"),)


Index("ix_loyalty_awards_user_id", Award.user_id)
