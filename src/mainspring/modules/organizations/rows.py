"""What the repository of organizations returns."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

MemberRole = Literal["owner", "admin", "member"]
OWNER: MemberRole = "owner"
ADMIN: MemberRole = "admin"
MEMBER: MemberRole = "member"


@dataclass(frozen=True, slots=True)
class OrganizationRow:
    """An organization."""

    id: UUID
    name: str
    slug: str
    created_at: datetime
    updated_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class SeenOrganization:
    """An organization and the role in it of whoever asks; None when he is no member."""

    id: UUID
    name: str
    slug: str
    created_at: datetime
    updated_at: datetime
    version: int
    role: MemberRole | None


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member."""

    organization_id: UUID
    user_id: UUID
    role: MemberRole
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class Membership:
    """Where somebody belongs, for himself."""

    organization_id: UUID
    name: str
    slug: str
    role: MemberRole
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class InvitationTo:
    """An open invitation, for whoever has its address."""

    organization: str
    role: MemberRole
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NamedMember:
    """A member as others see him; his address only those who look after the organization."""

    user_id: UUID
    name: str
    email: str | None
    role: MemberRole
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation."""

    id: UUID
    organization_id: UUID
    email: str
    role: MemberRole
    invited_by: UUID | None
    created_at: datetime
    expires_at: datetime
