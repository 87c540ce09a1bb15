"""What happened to roles and grants. Every fact is audited (R-115)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from mainspring.core.events import Event


@dataclass(frozen=True)
class RoleEvent(Event):
    """A fact about a role."""

    role_id: UUID
    name: str
    permissions: tuple[str, ...] = ()

    audited: ClassVar[bool] = True
    resource: ClassVar[str] = "role"

    @property
    def resource_id(self) -> str:
        """The role."""
        return str(self.role_id)

    def changes(self) -> dict[str, Any]:
        """The role as it is now."""
        return {"name": self.name, "permissions": list(self.permissions)}


@dataclass(frozen=True)
class RoleCreated(RoleEvent):
    """There is a new role."""

    action: ClassVar[str] = "CREATE"


@dataclass(frozen=True)
class RoleUpdated(RoleEvent):
    """A role's description or permissions changed."""

    action: ClassVar[str] = "UPDATE"


@dataclass(frozen=True)
class RoleDeleted(RoleEvent):
    """A role is gone, also from everyone who held it."""

    action: ClassVar[str] = "DELETE"


@dataclass(frozen=True)
class UserRolesEvent(Event):
    """A fact about the roles of a user."""

    user_id: UUID
    role: str

    audited: ClassVar[bool] = True
    resource: ClassVar[str] = "user"

    @property
    def resource_id(self) -> str:
        """The user."""
        return str(self.user_id)

    def changes(self) -> dict[str, Any]:
        """The role."""
        return {"role": self.role}


@dataclass(frozen=True)
class RoleAssigned(UserRolesEvent):
    """The user holds the role."""

    action: ClassVar[str] = "ASSIGN_ROLE"


@dataclass(frozen=True)
class RoleUnassigned(UserRolesEvent):
    """The user no longer holds the role."""

    action: ClassVar[str] = "UNASSIGN_ROLE"


@dataclass(frozen=True)
class GrantEvent(Event):
    """A fact about a permission of one user."""

    user_id: UUID
    permission: str
    expires_at: datetime | None = None

    audited: ClassVar[bool] = True
    resource: ClassVar[str] = "user"

    @property
    def resource_id(self) -> str:
        """The user."""
        return str(self.user_id)

    def changes(self) -> dict[str, Any]:
        """The permission and its end."""
        return {"permission": self.permission, "expiresAt": self.expires_at.isoformat() if self.expires_at else None}


@dataclass(frozen=True)
class PermissionGranted(GrantEvent):
    """The user holds the permission."""

    action: ClassVar[str] = "GRANT"


@dataclass(frozen=True)
class PermissionRevoked(GrantEvent):
    """The user's grant is taken back."""

    action: ClassVar[str] = "REVOKE"
