"""Tables of organizations: who they are, who belongs to them, who is invited."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from mainspring.core.database import Model, Timestamps, UtcDateTime, Versioned

OPEN = text("accepted_at IS NULL AND revoked_at IS NULL")


class Organization(Timestamps, Versioned, Model):
    """People who belong together."""

    __tablename__ = "organizations"

    name: Mapped[str] = mapped_column(String(100))
    slug: Mapped[str] = mapped_column(String(50), unique=True)
    created_by: Mapped[UUID | None]


class OrganizationMember(Model):
    """One person in one organization, with his role there."""

    __tablename__ = "organization_members"
    __table_args__ = (
        Index("uq_organization_members_organization_id_user_id", "organization_id", "user_id", unique=True),
        Index("ix_organization_members_user_id", "user_id"),
        CheckConstraint("role IN ('owner', 'admin', 'member')", name="role"),
    )

    organization_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("organizations.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(String(10))
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime)


class OrganizationInvitation(Model):
    """Somebody who may join. The secret in his mail is a claim of `core.security.claim_once`, and not here."""

    __tablename__ = "organization_invitations"
    __table_args__ = (
        Index(
            "uq_organization_invitations_open",
            "organization_id",
            "email",
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        ),
        Index("ix_organization_invitations_organization_id_created_at", "organization_id", "created_at"),
        Index("ix_organization_invitations_invited_by_created_at", "invited_by", "created_at"),
        Index("ix_organization_invitations_email", "email"),
        CheckConstraint("role IN ('admin', 'member')", name="role"),
    )

    organization_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("organizations.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(10))
    invited_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
