"""The table of users: profile and status, no credential."""

from sqlalchemy import CheckConstraint, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from mainspring.core.database import Model, SoftDeleted, Timestamps, Versioned

LIVING = text("deleted_at IS NULL")


class User(Timestamps, Versioned, SoftDeleted, Model):
    """A person with an account (R-063, R-217), or a service account, which comes in with API keys alone (R-099)."""

    __tablename__ = "users"
    __table_args__ = (
        Index("uq_users_email", "email", unique=True, sqlite_where=LIVING, postgresql_where=LIVING),
        Index("ix_users_created_at_id", "created_at", "id", sqlite_where=LIVING, postgresql_where=LIVING),
        Index("ix_users_name_id", "name", "id", sqlite_where=LIVING, postgresql_where=LIVING),
        CheckConstraint("age BETWEEN 13 AND 120", name="age"),
        CheckConstraint("length(name) > 0", name="name"),
        CheckConstraint("kind IN ('person', 'service')", name="kind"),
    )

    email: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(200))
    first_name: Mapped[str | None] = mapped_column(String(100))
    last_name: Mapped[str | None] = mapped_column(String(100))
    age: Mapped[int | None]
    bio: Mapped[str | None] = mapped_column(Text)
    website: Mapped[str | None] = mapped_column(String(2048))
    avatar_url: Mapped[str | None] = mapped_column(String(2048))
    is_active: Mapped[bool]
    email_verified: Mapped[bool]
    mfa_enabled: Mapped[bool]
    kind: Mapped[str] = mapped_column(String(10))
