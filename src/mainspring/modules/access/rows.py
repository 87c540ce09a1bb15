"""What the repository of access returns."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role without its permissions."""

    id: UUID
    name: str
    description: str
    is_built_in: bool
    created_at: datetime
    updated_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class RolePermissionRow:
    """A permission of a role."""

    role_id: UUID
    permission: str


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role that a user holds."""

    user_id: UUID
    role_id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A grant to a user."""

    id: UUID
    user_id: UUID
    permission: str
    expires_at: datetime | None
    created_at: datetime
    granted_by: UUID | None


@dataclass(frozen=True, slots=True)
class RoleWithPermissions:
    """A role and what it holds."""

    role: RoleRow
    permissions: tuple[str, ...]
