"""Tables of the provider. Codes and secrets are stored as SHA-256 only; each holds 256 random bits."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from mainspring.core.database import Model, Timestamps, UtcDateTime, Versioned


class OAuthClient(Timestamps, Versioned, Model):
    """A program that others run: `public` in a browser or on a phone, `confidential` where it can keep a secret."""

    __tablename__ = "oauth_clients"
    __table_args__ = (
        CheckConstraint("kind IN ('public', 'confidential')", name="kind"),
        CheckConstraint("(kind = 'confidential') = (secret_hash IS NOT NULL)", name="secret"),
        Index("ix_oauth_clients_service_account_id", "service_account_id"),
    )

    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(20))
    secret_hash: Mapped[str | None] = mapped_column(String(64))
    redirect_uris: Mapped[list[Any]]
    post_logout_redirect_uris: Mapped[list[Any]]
    grants: Mapped[list[Any]]
    scopes: Mapped[list[Any]]
    backchannel_logout_uri: Mapped[str | None] = mapped_column(String(500))
    backchannel_logout_session_required: Mapped[bool]
    service_account_id: Mapped[UUID | None] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"))
    created_by: Mapped[UUID | None]
    registered_itself: Mapped[bool]


class OAuthConsent(Timestamps, Model):
    """What somebody allowed a client, remembered so that he is not asked again."""

    __tablename__ = "oauth_consents"
    __table_args__ = (UniqueConstraint("user_id", "client_id"), Index("ix_oauth_consents_client_id", "client_id"))

    user_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"))
    client_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("oauth_clients.id", ondelete="CASCADE"))
    scopes: Mapped[list[Any]]


class OAuthCode(Model):
    """An authorization code, and what it is bound to. `given_session_id` is what it gave, for the day it comes again."""

    __tablename__ = "oauth_codes"
    __table_args__ = (
        Index("ix_oauth_codes_client_id", "client_id"),
        Index("ix_oauth_codes_user_id", "user_id"),
        Index("ix_oauth_codes_expires_at", "expires_at"),
    )

    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    client_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("oauth_clients.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"))
    session_id: Mapped[UUID]
    redirect_uri: Mapped[str] = mapped_column(String(500))
    challenge: Mapped[str] = mapped_column(String(43))
    scopes: Mapped[list[Any]]
    nonce: Mapped[str | None] = mapped_column(String(500))
    key_thumbprint: Mapped[str | None] = mapped_column(String(43))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    given_session_id: Mapped[UUID | None]


class OAuthGrant(Model):
    """What a client may do in the session of the same id, which holds its refresh tokens (`auth.sessions`).

    With `key_thumbprint` the tokens are worth nothing without proofs by that key (DPoP). `page_session_id` is the session on our
    page that let the client in from the same browser; `signed_out_at` when the client was told that this or that one ended.
    """

    __tablename__ = "oauth_grants"
    __table_args__ = (
        Index("ix_oauth_grants_client_id", "client_id"),
        Index("ix_oauth_grants_user_id", "user_id"),
        Index("ix_oauth_grants_page_session_id", "page_session_id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True, sort_order=-10)
    client_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("oauth_clients.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"))
    scopes: Mapped[list[Any]]
    key_thumbprint: Mapped[str | None] = mapped_column(String(43))
    page_session_id: Mapped[UUID | None]
    signed_out_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class OAuthPushed(Model):
    """An authorization request that a client sent ahead. It belongs to the first browser that comes with its address."""

    __tablename__ = "oauth_pushed_requests"
    __table_args__ = (
        Index("ix_oauth_pushed_requests_client_id", "client_id"),
        Index("ix_oauth_pushed_requests_expires_at", "expires_at"),
    )

    uri_hash: Mapped[str] = mapped_column(String(64), unique=True)
    client_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("oauth_clients.id", ondelete="CASCADE"))
    parameters: Mapped[dict[str, Any]]
    browser_hash: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OAuthDevice(Model):
    """A device that waits until its owner lets it in on another one. `session_id` is where he did."""

    __tablename__ = "oauth_devices"
    __table_args__ = (
        CheckConstraint("decision IN ('allowed', 'denied')", name="decision"),
        CheckConstraint("(decision IS NOT NULL) = (user_id IS NOT NULL AND session_id IS NOT NULL)", name="decided"),
        Index("ix_oauth_devices_client_id", "client_id"),
        Index("ix_oauth_devices_user_id", "user_id"),
        Index("ix_oauth_devices_expires_at", "expires_at"),
    )

    device_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    client_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("oauth_clients.id", ondelete="CASCADE"))
    scopes: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    interval_seconds: Mapped[int]
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decision: Mapped[str | None] = mapped_column(String(20))
    user_id: Mapped[UUID | None] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"))
    session_id: Mapped[UUID | None]
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
