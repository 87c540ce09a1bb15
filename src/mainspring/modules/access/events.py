"""What happened to roles and grants. Every fact is audited (R-115)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mainspring.core.events import AuditedFact


@dataclass(frozen=True)
class RoleEvent(AuditedFact, resource="role", about="role_id"):
    """A fact about a role, as it is now."""

    role_id: UUID
    name: str
    permissions: tuple[str, ...] = ()


class RoleCreated(RoleEvent, action="CREATE"):
    """There is a new role."""


class RoleUpdated(RoleEvent, action="UPDATE"):
    """A role's description or permissions changed."""


class RoleDeleted(RoleEvent, action="DELETE"):
    """A role is gone, also from everyone who held it."""


@dataclass(frozen=True)
class UserRolesEvent(AuditedFact, resource="user", about="user_id"):
    """A fact about the roles of a user."""

    user_id: UUID
    role: str


class RoleAssigned(UserRolesEvent, action="ASSIGN_ROLE"):
    """The user holds the role."""


class RoleUnassigned(UserRolesEvent, action="UNASSIGN_ROLE"):
    """The user no longer holds the role."""


@dataclass(frozen=True)
class GrantEvent(AuditedFact, resource="user", about="user_id"):
    """A fact about a permission of one user, and its end."""

    user_id: UUID
    permission: str
    expires_at: datetime | None = None


class PermissionGranted(GrantEvent, action="GRANT"):
    """The user holds the permission."""


class PermissionRevoked(GrantEvent, action="REVOKE"):
    """The user's grant is taken back."""
