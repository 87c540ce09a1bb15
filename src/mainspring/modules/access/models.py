"""Tables of access: roles, what they hold, who holds them, and grants to single users."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from mainspring.core.database import Model, Timestamps, UtcDateTime, Versioned


class Role(Timestamps, Versioned, Model):
    """A named set of permissions (R-107). `admin` holds every permission without rows."""

    __tablename__ = "roles"

    name: Mapped[str] = mapped_column(String(50), unique=True)
    description: Mapped[str] = mapped_column(String(200))
    is_built_in: Mapped[bool]


class KnownPermission(Model):
    """A permission that this installation has seen, so that its default roles are given once only."""

    __tablename__ = "permissions"

    name: Mapped[str] = mapped_column(String(100), unique=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RolePermission(Model):
    """A permission that a role holds."""

    __tablename__ = "role_permissions"
    __table_args__ = (Index("uq_role_permissions_role_id_permission", "role_id", "permission", unique=True),)

    role_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("roles.id", ondelete="CASCADE"))
    permission: Mapped[str] = mapped_column(String(100))


class UserRole(Model):
    """A role that a user holds (R-103, D-21)."""

    __tablename__ = "user_roles"
    __table_args__ = (
        Index("uq_user_roles_user_id_role_id", "user_id", "role_id", unique=True),
        Index("ix_user_roles_role_id", "role_id"),
    )

    user_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"))
    role_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("roles.id", ondelete="CASCADE"))
    assigned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    assigned_by: Mapped[UUID | None]


class Grant(Model):
    """A permission given to one user, for a time or until it is taken back (R-108, R-109)."""

    __tablename__ = "permission_grants"
    __table_args__ = (Index("uq_permission_grants_user_id_permission", "user_id", "permission", unique=True),)

    user_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("users.id", ondelete="CASCADE"))
    permission: Mapped[str] = mapped_column(String(100))
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    granted_by: Mapped[UUID | None]
