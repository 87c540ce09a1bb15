"""The questions to the database about organizations."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, func, or_, select, update

from mainspring.core.database import Listing, Patch, Repository, Statement, UtcDateTime, bind, insert_into, update_of

from .models import OPEN, Organization, OrganizationInvitation, OrganizationMember
from .rows import InvitationRow, InvitationTo, MemberRole, MemberRow, Membership, OrganizationRow, SeenOrganization

NOW = bind("now", UtcDateTime)
ORGANIZATION = tuple(getattr(Organization, field.name) for field in fields(OrganizationRow))
MEMBER = tuple(getattr(OrganizationMember, field.name) for field in fields(MemberRow))
INVITATION = tuple(getattr(OrganizationInvitation, field.name) for field in fields(InvitationRow))
THIS = Organization.id == bind("id", Organization.id)
IN_IT = OrganizationMember.organization_id == bind("organization_id", OrganizationMember.organization_id)
HE = OrganizationMember.user_id == bind("user_id", OrganizationMember.user_id)
ITS = OrganizationInvitation.organization_id == bind("organization_id", OrganizationInvitation.organization_id)
IS_OPEN = and_(
    OrganizationInvitation.accepted_at.is_(None),
    OrganizationInvitation.revoked_at.is_(None),
    OrganizationInvitation.expires_at > NOW,
)

SEEN = Statement(
    select(*ORGANIZATION, OrganizationMember.role)
    .select_from(Organization)
    .outerjoin(OrganizationMember, and_(OrganizationMember.organization_id == Organization.id, HE))
    .where(THIS),
    SeenOrganization,
)
OF_MEMBER = Listing(
    select(*ORGANIZATION, OrganizationMember.role).join_from(
        Organization, OrganizationMember, OrganizationMember.organization_id == Organization.id
    ),
    SeenOrganization,
    filters={"user_id": HE},
    sorts={"name": Organization.name, "createdAt": Organization.created_at},
    default="name",
    key=Organization.id,
)
ADD = Statement(
    insert_into(Organization).on_conflict_do_nothing(index_elements=[Organization.slug]).returning(*ORGANIZATION), OrganizationRow
)
CHANGE = Patch(
    update_of(Organization).where(THIS),
    ("name", "slug"),
    OrganizationRow,
    conditions={"version": Organization.version == bind("version", Organization.version)},
)
BY_SLUG = Statement(select(Organization.id).where(Organization.slug == bind("slug", Organization.slug)), UUID)
DELETE: Statement[None] = Statement(delete(Organization).where(THIS))
LOCK: Statement[None] = Statement(update(Organization).where(THIS).values(name=Organization.name))

ADD_MEMBER: Statement[None] = Statement(
    insert_into(OrganizationMember).on_conflict_do_nothing(
        index_elements=[OrganizationMember.organization_id, OrganizationMember.user_id]
    )
)
MEMBERS = Listing(
    select(*MEMBER),
    MemberRow,
    filters={"organization_id": IN_IT, "role": OrganizationMember.role == bind("role", OrganizationMember.role)},
    sorts={"joinedAt": OrganizationMember.joined_at},
    default="joinedAt",
    key=OrganizationMember.id,
)
THE_MEMBER = Statement(select(*MEMBER).where(IN_IT, HE), MemberRow)
ALL_MEMBERS = Statement(select(*MEMBER).where(IN_IT).order_by(OrganizationMember.joined_at, OrganizationMember.id), MemberRow)
MEMBERSHIPS = Statement(select(*MEMBER).where(HE).order_by(OrganizationMember.organization_id), MemberRow)
NAMED_MEMBERSHIPS = Statement(
    select(
        OrganizationMember.organization_id,
        Organization.name,
        Organization.slug,
        OrganizationMember.role,
        OrganizationMember.joined_at,
    )
    .join_from(OrganizationMember, Organization, Organization.id == OrganizationMember.organization_id)
    .where(HE)
    .order_by(OrganizationMember.joined_at, Organization.id),
    Membership,
)
GIVE_ROLE: Statement[None] = Statement(
    update(OrganizationMember).where(IN_IT, HE).values(role=bind("role", OrganizationMember.role))
)
REMOVE: Statement[None] = Statement(delete(OrganizationMember).where(IN_IT, HE))

INVITE = Statement(
    insert_into(OrganizationInvitation)
    .on_conflict_do_nothing(
        index_elements=[OrganizationInvitation.organization_id, OrganizationInvitation.email], index_where=OPEN
    )
    .returning(*INVITATION),
    InvitationRow,
)
LATELY = OrganizationInvitation.created_at > bind("since", UtcDateTime)
COUNT_OF_THIS = Statement(select(func.count()).select_from(OrganizationInvitation).where(ITS, LATELY), int)
COUNT_OF_INVITER = Statement(
    select(func.count())
    .select_from(OrganizationInvitation)
    .where(OrganizationInvitation.invited_by == bind("user_id", OrganizationInvitation.invited_by), LATELY),
    int,
)
TO_ADDRESS = Statement(
    select(
        Organization.name.label("organization"),
        OrganizationInvitation.role,
        OrganizationInvitation.created_at,
        OrganizationInvitation.expires_at,
    )
    .join_from(OrganizationInvitation, Organization, Organization.id == OrganizationInvitation.organization_id)
    .where(OrganizationInvitation.email == bind("email", OrganizationInvitation.email), IS_OPEN)
    .order_by(OrganizationInvitation.created_at),
    InvitationTo,
)
FORGET: Statement[None] = Statement(
    delete(OrganizationInvitation).where(
        OrganizationInvitation.created_at <= bind("before", UtcDateTime),
        or_(
            OrganizationInvitation.accepted_at.is_not(None),
            OrganizationInvitation.revoked_at.is_not(None),
            OrganizationInvitation.expires_at <= NOW,
        ),
    )
)
INVITATIONS = Listing(
    select(*INVITATION),
    InvitationRow,
    filters={"organization_id": ITS, "now": IS_OPEN},
    sorts={"createdAt": OrganizationInvitation.created_at, "email": OrganizationInvitation.email},
    default="-createdAt",
    key=OrganizationInvitation.id,
)
OPEN_INVITATION = Statement(
    select(*INVITATION).where(OrganizationInvitation.id == bind("id", OrganizationInvitation.id), IS_OPEN), InvitationRow
)
WITHDRAW = Statement(
    update(OrganizationInvitation)
    .where(
        ITS,
        OrganizationInvitation.email == bind("email", OrganizationInvitation.email),
        OrganizationInvitation.accepted_at.is_(None),
        OrganizationInvitation.revoked_at.is_(None),
    )
    .values(revoked_at=NOW)
    .returning(*INVITATION),
    InvitationRow,
)
REVOKE = Statement(
    update(OrganizationInvitation)
    .where(ITS, OrganizationInvitation.id == bind("id", OrganizationInvitation.id), IS_OPEN)
    .values(revoked_at=NOW)
    .returning(*INVITATION),
    InvitationRow,
)
ACCEPT = Statement(
    update(OrganizationInvitation)
    .where(OrganizationInvitation.id == bind("id", OrganizationInvitation.id), IS_OPEN)
    .values(accepted_at=NOW)
    .returning(*INVITATION),
    InvitationRow,
)


class OrganizationRepository(Repository):
    """Organizations as somebody sees them."""

    async def seen(self, id: UUID, user_id: UUID) -> SeenOrganization | None:
        """An organization, and the role of the user in it."""
        return await self.uow.one(SEEN, id=id, user_id=user_id)

    async def add(self, name: str, slug: str, by: UUID) -> OrganizationRow | None:
        """A new one; None when the short name is taken."""
        return await self.uow.one(ADD, name=name, slug=slug, created_by=by)

    async def change(self, id: UUID, changes: Mapping[str, Any], version: int | None) -> OrganizationRow | None:
        """Change columns; None when it is gone, or not in this version."""
        return await self.uow.patch(CHANGE, changes, id=id, version=version)

    async def id_of_slug(self, slug: str) -> UUID | None:
        """Which organization has the short name."""
        return await self.uow.value(BY_SLUG, slug=slug)

    async def lock(self, id: UUID) -> bool:
        """Make everyone else who locks this one wait until this unit ends; False when it is gone."""
        return await self.uow.run(LOCK, id=id) == 1

    async def delete(self, id: UUID) -> None:
        """Delete it with everything that belongs to it."""
        await self.uow.run(DELETE, id=id)


class MemberRepository(Repository):
    """Who belongs to which organization."""

    async def add(self, organization_id: UUID, user_id: UUID, role: MemberRole, now: datetime) -> bool:
        """A new member; False when he is one already."""
        return await self.uow.run(ADD_MEMBER, organization_id=organization_id, user_id=user_id, role=role, joined_at=now) == 1

    async def one(self, organization_id: UUID, user_id: UUID) -> MemberRow | None:
        """A member."""
        return await self.uow.one(THE_MEMBER, organization_id=organization_id, user_id=user_id)

    async def everyone(self, organization_id: UUID) -> list[MemberRow]:
        """Every member, the first to join first."""
        return await self.uow.all(ALL_MEMBERS, organization_id=organization_id)

    async def of_user(self, user_id: UUID) -> list[MemberRow]:
        """Every membership of a user."""
        return await self.uow.all(MEMBERSHIPS, user_id=user_id)

    async def named_of_user(self, user_id: UUID) -> list[Membership]:
        """Every membership of a user, with what the organization is called."""
        return await self.uow.all(NAMED_MEMBERSHIPS, user_id=user_id)

    async def give_role(self, organization_id: UUID, user_id: UUID, role: MemberRole) -> bool:
        """Give a member a role; False when he is none."""
        return await self.uow.run(GIVE_ROLE, organization_id=organization_id, user_id=user_id, role=role) == 1

    async def remove(self, organization_id: UUID, user_id: UUID) -> bool:
        """Remove a member; False when he is none."""
        return await self.uow.run(REMOVE, organization_id=organization_id, user_id=user_id) == 1


class InvitationRepository(Repository):
    """Open invitations, unless a method says otherwise."""

    async def add(
        self, organization_id: UUID, email: str, role: MemberRole, by: UUID, now: datetime, expires_at: datetime
    ) -> InvitationRow | None:
        """A new one; None when there is an open one to the address."""
        return await self.uow.one(
            INVITE,
            organization_id=organization_id,
            email=email,
            role=role,
            invited_by=by,
            created_at=now,
            expires_at=expires_at,
            accepted_at=None,
            revoked_at=None,
        )

    async def counts_since(self, organization_id: UUID, user_id: UUID, since: datetime) -> tuple[int, int]:
        """How many the organization made since the moment, and how many the user did, whatever became of them."""
        of_this = await self.uow.value(COUNT_OF_THIS, organization_id=organization_id, since=since)
        of_user = await self.uow.value(COUNT_OF_INVITER, user_id=user_id, since=since)
        return of_this or 0, of_user or 0

    async def to_address(self, email: str, now: datetime) -> list[InvitationTo]:
        """Those to an address, as their receiver may know them."""
        return await self.uow.all(TO_ADDRESS, email=email, now=now)

    async def forget(self, now: datetime, before: datetime) -> int:
        """Delete those made before the moment that are open no more; how many."""
        return await self.uow.run(FORGET, now=now, before=before)

    async def by_id(self, id: UUID, now: datetime) -> InvitationRow | None:
        """One."""
        return await self.uow.one(OPEN_INVITATION, id=id, now=now)

    async def withdraw(self, organization_id: UUID, email: str, now: datetime) -> InvitationRow | None:
        """Take back what nobody accepted of the address, expired or not; the invitation it was."""
        return await self.uow.one(WITHDRAW, organization_id=organization_id, email=email, now=now)

    async def revoke(self, organization_id: UUID, id: UUID, now: datetime) -> InvitationRow | None:
        """Take one back; None when there is none to take back."""
        return await self.uow.one(REVOKE, organization_id=organization_id, id=id, now=now)

    async def accept(self, id: UUID, now: datetime) -> InvitationRow | None:
        """Use one up; None for all but the first."""
        return await self.uow.one(ACCEPT, id=id, now=now)
