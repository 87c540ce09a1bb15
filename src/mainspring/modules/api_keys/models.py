"""Tables of API keys."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from mainspring.core.database import Json, Model, Timestamps, UtcDateTime, Versioned


class ApiKey(Timestamps, Versioned, Model):
    """A key of an account. Its text is stored as SHA-256 only; the one before the last rotation works until `previous_until`."""

    __tablename__ = "api_keys"
    __table_args__ = (
        Index("ix_api_keys_user_id", "user_id"),
        CheckConstraint("per_minute > 0", name="per_minute"),
        CheckConstraint("lifetime_seconds > 0", name="lifetime"),
        CheckConstraint("(previous_hash IS NULL) = (previous_until IS NULL)", name="previous"),
    )

    user_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    scopes: Mapped[list[Any]]
    is_live: Mapped[bool]
    per_minute: Mapped[int | None]
    lifetime_seconds: Mapped[int]
    secret_hash: Mapped[str] = mapped_column(String(64))
    previous_hash: Mapped[str | None] = mapped_column(String(64))
    previous_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    rotated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_by: Mapped[UUID | None]
    revoked_by: Mapped[UUID | None]


class ApiKeyTally(Model):
    """How much of its budget the key of the same id has used (`core.limits.tally`). Whoever counts up `changes` holds it."""

    __tablename__ = "api_key_tallies"

    id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True, sort_order=-10)
    tally: Mapped[Any] = mapped_column(Json, nullable=True)
    changes: Mapped[int]
