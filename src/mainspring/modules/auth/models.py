"""Tables of auth: credentials, second factors, proofs by mail, sessions, refresh tokens."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from mainspring.core.database import Model, Timestamps, UtcDateTime

SEALED = text("successor IS NOT NULL")
UNUSED = text("used_at IS NULL")
ACTED = text("impersonator_id IS NOT NULL")
ELSEWHERE = text("origin_id IS NOT NULL")


class Credential(Timestamps, Model):
    """The password of a user, as a hash. Devices that were known before `devices_since` are strangers again."""

    __tablename__ = "credentials"

    user_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    password_hash: Mapped[str] = mapped_column(String(500))
    devices_since: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TotpFactor(Timestamps, Model):
    """An authenticator app of a user (RFC 6238). The secret is sealed; `last_step` is the newest step whose code was used."""

    __tablename__ = "totp_factors"

    user_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    secret: Mapped[str] = mapped_column(String(500))
    activated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_step: Mapped[int | None]


class RecoveryCode(Model):
    """A code for the day the authenticator is lost, as SHA-256; its 120 random bits need no slow hash (ASVS 6.5.2)."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("user_id", "code_hash"),)

    user_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"))
    code_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Passkey(Timestamps, Model):
    """A key pair that an authenticator keeps for us (WebAuthn): its public half, and how often it says that it was used."""

    __tablename__ = "passkeys"
    __table_args__ = (Index("ix_passkeys_user_id", "user_id"),)

    user_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"))
    credential_id: Mapped[str] = mapped_column(String(1364), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int]
    transports: Mapped[list[Any]]
    aaguid: Mapped[str] = mapped_column(String(36))
    name: Mapped[str] = mapped_column(String(100))
    is_backed_up: Mapped[bool]
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MfaChallenge(Model):
    """A first proof that waits for the second factor; the row goes when it is used. Its token is kept as SHA-256."""

    __tablename__ = "mfa_challenges"
    __table_args__ = (Index("ix_mfa_challenges_user_id", "user_id"),)

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"))
    method: Mapped[str] = mapped_column(String(20))
    transport: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    origin_id: Mapped[UUID | None]


class CodeGuess(Model):
    """One try at a code of an authenticator app, written before it is judged (D-39)."""

    __tablename__ = "code_guesses"
    __table_args__ = (Index("ix_code_guesses_user_id", "user_id", "created_at"),)

    user_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class EmailProof(Model):
    """A secret that was mailed to an address, as SHA-256; whoever shows it reads that mailbox. Used once, by one UPDATE.

    `subject_id` is what else it is about: the change of an address that it confirms.
    """

    __tablename__ = "email_proofs"
    __table_args__ = (
        Index("ix_email_proofs_user_id", "user_id", "created_at"),
        Index("ix_email_proofs_expires_at", "expires_at"),
    )

    user_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(String(30))
    address: Mapped[str] = mapped_column(String(255))
    subject_id: Mapped[UUID | None] = mapped_column(Uuid())
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class EmailChange(Model):
    """An address that a user wants instead of his own; at most one a user. It happens once both mailboxes agreed."""

    __tablename__ = "email_changes"

    user_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    session_id: Mapped[UUID] = mapped_column(Uuid())
    old_email: Mapped[str] = mapped_column(String(255))
    new_email: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    old_confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    new_confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AccountDeletion(Model):
    """An account whose owner wants it gone; at `due_at` it is erased, unless he signs in before."""

    __tablename__ = "account_deletions"
    __table_args__ = (Index("ix_account_deletions_due_at", "due_at"),)

    user_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DataExport(Model):
    """An archive of what is kept about a user, made by a job: JSON, packed with zlib. Without `content` it is being made."""

    __tablename__ = "data_exports"
    __table_args__ = (
        Index("ix_data_exports_user_id", "user_id", "created_at"),
        Index("ix_data_exports_expires_at", "expires_at"),
    )

    user_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"))
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PasswordGuess(Model):
    """One try at a password, written before it is judged. `account` is a hash of the address, or names a known device."""

    __tablename__ = "password_guesses"
    __table_args__ = (
        Index("ix_password_guesses_account", "account", "created_at"),
        Index("ix_password_guesses_created_at", "created_at"),
    )

    account: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Session(Model):
    """One sign-in and everything refreshed from it: the token family (R-078). Its id is the `sid` of access tokens.

    The row is the deny list: with `ended_at` set, or past `expires_at`, nothing of the family is accepted. `method` and
    `second_factor` say how it was opened, `authenticated_at` when everything that the account asks for was last proved.
    `impersonator_*` say who acts as the user in it, and from which session of his own; `origin_id` which sign-in elsewhere it
    began with.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        Index("ix_sessions_user_id", "user_id"),
        Index("ix_sessions_impersonator_id", "impersonator_id", sqlite_where=ACTED, postgresql_where=ACTED),
        Index("ix_sessions_origin_id", "origin_id", sqlite_where=ELSEWHERE, postgresql_where=ELSEWHERE),
    )

    user_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"))
    transport: Mapped[str] = mapped_column(String(10))
    method: Mapped[str] = mapped_column(String(20))
    second_factor: Mapped[str | None] = mapped_column(String(20))
    device: Mapped[str | None] = mapped_column(String(300))
    ip_address: Mapped[str | None] = mapped_column(String(45))
    place: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime)
    authenticated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end_reason: Mapped[str | None] = mapped_column(String(30))
    impersonator_id: Mapped[UUID | None]
    impersonator_session_id: Mapped[UUID | None]
    origin_id: Mapped[UUID | None]


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
