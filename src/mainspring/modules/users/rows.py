"""What the repository of users returns."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

UserKind = Literal["person", "service"]
PERSON: UserKind = "person"
SERVICE: UserKind = "service"


@dataclass(frozen=True, slots=True)
class UserRow:
    """One user, without any credential (R-061)."""

    id: UUID
    email: str
    name: str
    first_name: str | None
    last_name: str | None
    age: int | None
    bio: str | None
    website: str | None
    avatar_url: str | None
    is_active: bool
    email_verified: bool
    mfa_enabled: bool
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    version: int
    kind: UserKind = PERSON


@dataclass(frozen=True, slots=True)
class Standing:
    """A user who may come in."""

    id: UUID
    email: str
    kind: UserKind


@dataclass(frozen=True, slots=True)
class Profile:
    """A user with what he may do, as of this moment."""

    user: UserRow
    roles: tuple[str, ...]
    permissions: tuple[str, ...]
