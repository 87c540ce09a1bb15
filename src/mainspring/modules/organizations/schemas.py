"""What clients send and receive about organizations."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from mainspring.core.email_address import Email
from mainspring.core.http import ListQuery, Out, Schema

from .rows import MemberRole


def _printable(typed: str) -> str:
    if any(unicodedata.category(sign)[0] == "C" for sign in typed):
        raise PydanticCustomError("name_invalid", "A name may hold printable characters only")
    return typed


OrganizationName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(_printable)
]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{1,49}$")]
InvitedRole = Literal["admin", "member"]


class CreateOrganization(Schema):
    """A new organization; without a short name one is made of the name."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Analytical Engines"}})

    name: OrganizationName
    slug: Slug | None = None


class UpdateOrganization(Schema):
    """What changes."""

    name: OrganizationName | None = None
    slug: Slug | None = None

    def wishes(self) -> dict[str, Any]:
        """The fields that were sent, by column."""
        return {name: value for name, value in self.model_dump(exclude_unset=True).items() if value is not None}


class ChangeMember(Schema):
    """Another role for a member."""

    role: MemberRole


class TransferOwnership(Schema):
    """Who shall be the owner."""

    user_id: UUID


class InviteMember(Schema):
    """Whom to invite, and as what."""

    email: Email
    role: InvitedRole = "member"


class AcceptInvitation(Schema):
    """The token of the mail."""

    token: Annotated[str, Field(min_length=1, max_length=200)]


class OrganizationQuery(ListQuery):
    """Which of one's organizations, in which order."""

    sort: Literal["name", "-name", "createdAt", "-createdAt"] | None = None


class MemberQuery(ListQuery):
    """Which members, in which order."""

    sort: Literal["joinedAt", "-joinedAt"] | None = None
    role: MemberRole | None = None


class InvitationQuery(ListQuery):
    """Which open invitations, in which order."""

    sort: Literal["createdAt", "-createdAt", "email", "-email"] | None = None


class OrganizationOut(Out):
    """An organization, and one's own role in it."""

    id: UUID
    name: str
    slug: str
    role: MemberRole | None
    created_at: datetime
    updated_at: datetime
    version: int = Field(exclude=True)  # part of the ETag, not of the body


class MemberOut(Out):
    """A member. The address is shown to those who look after the organization."""

    user_id: UUID
    name: str
    email: str | None
    role: MemberRole
    joined_at: datetime


class InvitationOut(Out):
    """An open invitation."""

    id: UUID
    email: str
    role: MemberRole
    invited_by: UUID | None
    created_at: datetime
    expires_at: datetime


class InvitedOut(Out):
    """The same for every address, whether or not somebody has it."""

    email: str
    role: MemberRole
    expires_at: datetime


@dataclass(frozen=True)
class SendInvitation:
    """Mail an invitation."""

    invitation_id: UUID
