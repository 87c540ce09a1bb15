"""Tables of social: links with outside identities, sign-ins that wait for the provider or the program, and those of before."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from mainspring.core.database import Model, Timestamps, UtcDateTime


class SocialLink(Timestamps, Model):
    """An outside identity that opens an account. `tokens` are those of the provider, sealed, where they are kept."""

    __tablename__ = "social_links"
    __table_args__ = (UniqueConstraint("issuer", "subject"), Index("ix_social_links_user_id", "user_id"))

    user_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"))
    provider: Mapped[str] = mapped_column(String(30))
    issuer: Mapped[str] = mapped_column(String(500))
    subject: Mapped[str] = mapped_column(String(255))
    email: Mapped[str | None] = mapped_column(String(255))
    tokens: Mapped[str | None] = mapped_column(Text)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SocialAttempt(Model):
    """A sign-in that waits for the provider; the row goes when it is used. Its state, nonce and browser are kept as SHA-256."""

    __tablename__ = "social_attempts"
    __table_args__ = (Index("ix_social_attempts_expires_at", "expires_at"),)

    state_hash: Mapped[str] = mapped_column(String(64), unique=True)
    provider: Mapped[str] = mapped_column(String(30))
    issuer: Mapped[str] = mapped_column(String(500))
    browser_hash: Mapped[str] = mapped_column(String(64))
    nonce_hash: Mapped[str] = mapped_column(String(64))
    verifier: Mapped[str] = mapped_column(String(500))
    transport: Mapped[str] = mapped_column(String(10))
    next: Mapped[str] = mapped_column(String(1000))
    challenge: Mapped[str | None] = mapped_column(String(43))
    user_id: Mapped[UUID | None] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"))
    session_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SocialHandover(Model):
    """Somebody who was proved and comes for the session; the row goes when the code is used. The code is kept as SHA-256."""

    __tablename__ = "social_handovers"
    __table_args__ = (Index("ix_social_handovers_expires_at", "expires_at"),)

    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"))
    transport: Mapped[str] = mapped_column(String(10))
    browser_hash: Mapped[str] = mapped_column(String(64))
    challenge: Mapped[str | None] = mapped_column(String(43))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    origin_id: Mapped[UUID | None]


class SocialSignIn(Model):
    """A sign-in at a provider, kept as long as a session that began with it may live; its id is the `origin_id` of sessions.

    `provider_session` is the `sid` of the provider, where it tells one.
    """

    __tablename__ = "social_sign_ins"
    __table_args__ = (
        Index("ix_social_sign_ins_user_id", "user_id"),
        Index("ix_social_sign_ins_subject", "issuer", "subject"),
        Index("ix_social_sign_ins_provider_session", "issuer", "provider_session"),
        Index("ix_social_sign_ins_expires_at", "expires_at"),
    )

    user_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"))
    issuer: Mapped[str] = mapped_column(String(500))
    subject: Mapped[str] = mapped_column(String(255))
    provider_session: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
