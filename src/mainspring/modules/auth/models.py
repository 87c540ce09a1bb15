"""Tables of auth: credentials, sessions, refresh tokens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from mainspring.core.database import Model, Timestamps, UtcDateTime

SEALED = text("successor IS NOT NULL")
UNUSED = text("used_at IS NULL")


class Credential(Timestamps, Model):
    """The password of a user, as a hash."""

    __tablename__ = "credentials"

    user_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    password_hash: Mapped[str] = mapped_column(String(500))


class Session(Model):
    """One sign-in and everything refreshed from it: the token family (R-078). Its id is the `sid` of access tokens.

    The row is the deny list: with `ended_at` set, or past `expires_at`, nothing of the family is accepted.
    """

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_user_id", "user_id"),)

    user_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"))
    transport: Mapped[str] = mapped_column(String(10))
    device: Mapped[str | None] = mapped_column(String(300))
    ip_address: Mapped[str | None] = mapped_column(String(45))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end_reason: Mapped[str | None] = mapped_column(String(30))


class RefreshToken(Model):
    """One refresh token of a session, as SHA-256 (R-076). `successor` is the next token, sealed under this one, for the grace
    window only (ARCHITECTURE 10 g)."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        # one live token a family, whatever races: the second insert fails
        Index("uq_refresh_tokens_live", "session_id", unique=True, sqlite_where=UNUSED, postgresql_where=UNUSED),
        Index("ix_refresh_tokens_session_id", "session_id"),
        Index("ix_refresh_tokens_sealed", "used_at", sqlite_where=SEALED, postgresql_where=SEALED),
    )

    session_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("sessions.id", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    successor: Mapped[bytes | None] = mapped_column(LargeBinary)
    successor_hash: Mapped[str | None] = mapped_column(String(64))
