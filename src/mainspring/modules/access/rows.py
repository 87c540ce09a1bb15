"""What the repository of access returns."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
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
class AssignedRole:
    """A role that a user holds, since when and by whom."""

    name: str
    assigned_at: datetime
    assigned_by: UUID | None


@dataclass(frozen=True, slots=True)
class Reason:
    """What gives a permission: a role or a grant, since when, by whom, and when it ends."""

    kind: Literal["role", "grant"]
    name: str
    since: datetime
    given_by: UUID | None
    ends_at: datetime | None


Rule = Literal["disabled", "administrator", "role", "grant", "nothing"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a user may or may not do something. `ended_at` is when a grant of it ended, `is_own` whether a thing is his own."""

    user_id: UUID
    permission: str
    allowed: bool
    rule: Rule
    reasons: tuple[Reason, ...]
    ends_at: datetime | None
    ended_at: datetime | None
    held_by: tuple[str, ...]
    is_own: bool | None
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoleWithPermissions:
    """A role and what it holds."""

    role: RoleRow
    permissions: tuple[str, ...]
