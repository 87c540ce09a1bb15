"""What happened to organizations. Every fact is audited."""

from dataclasses import dataclass
from uuid import UUID

from mainspring.core.events import AuditedFact
from mainspring.modules.notifications.ports import Kind

MEMBERSHIP = Kind("organizations.membership", "Your place in organizations")


@dataclass(frozen=True)
class OrganizationEvent(AuditedFact, resource="organization", about="organization_id"):
    """A fact about one organization, as it is now."""

    organization_id: UUID
    name: str
    slug: str


class OrganizationCreated(OrganizationEvent, action="CREATE"):
    """There is a new organization."""


class OrganizationUpdated(OrganizationEvent, action="UPDATE"):
    """It has another name or short name."""


class OrganizationDeleted(OrganizationEvent, action="DELETE"):
    """It is gone, with its memberships and invitations."""


@dataclass(frozen=True)
class MemberEvent(AuditedFact, resource="organization", about="organization_id"):
    """A fact about one member. `role` is the one that he has now, or had when he left."""

    organization_id: UUID
    user_id: UUID
    role: str


class MemberJoined(MemberEvent, action="JOIN"):
    """Somebody accepted an invitation."""


class MemberRoleChanged(MemberEvent, action="CHANGE_MEMBER"):
    """A member has another role."""


class MemberLeft(MemberEvent, action="LEAVE"):
    """Somebody left, or was removed."""


@dataclass(frozen=True)
class InvitationEvent(AuditedFact, resource="organization", about="organization_id"):
    """A fact about one invitation."""

    organization_id: UUID
    invitation_id: UUID
    email: str
    role: str


class MemberInvited(InvitationEvent, action="INVITE"):
    """Somebody was invited."""


class InvitationRevoked(InvitationEvent, action="REVOKE_INVITATION"):
    """An invitation was taken back before anybody accepted it."""
