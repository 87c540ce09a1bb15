"""Members: seeing them, their roles, leaving, and who follows an owner."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from mainspring.core import clock
from mainspring.core.database import Page, Slice, UnitOfWork
from mainspring.core.security.principal import Principal
from mainspring.modules.notifications.service import NotificationService
from mainspring.modules.users.service import UserService

from ..errors import LastOwner, MemberNotFound, RoleTooLow
from ..events import MEMBERSHIP, MemberLeft, MemberRoleChanged, OrganizationDeleted
from ..repository import MEMBERS, InvitationRepository, MemberRepository, OrganizationRepository
from ..rows import ADMIN, MEMBER, OWNER, MemberRole, MemberRow, NamedMember, SeenOrganization
from ..schemas import MemberQuery
from .organizations import OrganizationService, allows, role_of


class MemberService:
    """Owners look after everybody, admins after those who are neither. There is always an owner left."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.organizations = OrganizationService(uow)
        self.members = MemberRepository(uow)

    async def find(
        self, caller: Principal, id: UUID, query: MemberQuery
    ) -> tuple[Page[MemberRow] | Slice[MemberRow], list[NamedMember]]:
        """The members of an organization, as far as the caller may see them. Raises OrganizationNotFound."""
        seen = await self.organizations.seen_by(caller, id)
        found = await query.fetch(self.uow, MEMBERS, organization_id=id)
        users = await UserService(self.uow).living([row.user_id for row in found.rows])
        sees_addresses = allows(role_of(caller, seen), ADMIN)
        return found, [
            NamedMember(
                row.user_id,
                user.name,
                user.email if sees_addresses or row.user_id == caller.id else None,
                row.role,
                row.joined_at,
            )
            for row in found.rows
            if (user := users.get(row.user_id)) is not None
        ]

    async def change(self, caller: Principal, id: UUID, user_id: UUID, role: MemberRole) -> MemberRow:
        """Give a member another role. Raises OrganizationNotFound, MemberNotFound, RoleTooLow, LastOwner."""
        organization = await self.organizations.looked_after(caller, id, ADMIN)
        member = await self._member(id, user_id)
        self._may_handle(caller, organization, member, role)
        if member.role == role:
            return member
        if member.role == OWNER:
            await self._another_owner_than(id, user_id)
        await self.members.give_role(id, user_id, role)
        self.uow.publish(MemberRoleChanged(id, user_id, role))
        if user_id != caller.id:
            await self._tell(user_id, f"You are {role} of {organization.name} now", id)
        return await self._member(id, user_id)

    async def remove(self, caller: Principal, id: UUID, user_id: UUID) -> None:
        """Leave, or remove somebody. Raises OrganizationNotFound, MemberNotFound, RoleTooLow, LastOwner."""
        needed = MEMBER if user_id == caller.id else ADMIN
        organization = await self.organizations.looked_after(caller, id, needed)
        member = await self._member(id, user_id)
        if user_id != caller.id:
            self._may_handle(caller, organization, member, MEMBER)
        if member.role == OWNER:
            await self._another_owner_than(id, user_id)
        await self.members.remove(id, user_id)
        self.uow.publish(MemberLeft(id, user_id, member.role))
        if user_id != caller.id:
            await self._close_invitation(id, user_id)
            await self._tell(user_id, f"You do not belong to {organization.name} any more", id)

    async def transfer(self, caller: Principal, id: UUID, user_id: UUID) -> MemberRow:
        """Make a member the owner in the caller's place, who is an admin then.

        Raises OrganizationNotFound, MemberNotFound, RoleTooLow.
        """
        organization = await self.organizations.looked_after(caller, id, OWNER)
        member = await self._member(id, user_id)
        await self._is_there(user_id)
        if member.role != OWNER:
            await self.members.give_role(id, user_id, OWNER)
            self.uow.publish(MemberRoleChanged(id, user_id, OWNER))
            await self._tell(user_id, f"You are owner of {organization.name} now", id)
        if user_id != caller.id and organization.role == OWNER:
            await self.members.give_role(id, caller.id, ADMIN)
            self.uow.publish(MemberRoleChanged(id, caller.id, ADMIN))
        return await self._member(id, user_id)

    async def forget(self, user_id: UUID) -> None:
        """Take a deleted user out of every organization. Where he was the last owner, the first admin follows him, else the
        first member; an organization without members is deleted."""
        for membership in await self.members.of_user(user_id):
            id = membership.organization_id
            if not await OrganizationRepository(self.uow).lock(id) or not await self.members.remove(id, user_id):
                continue
            self.uow.publish(MemberLeft(id, user_id, membership.role))
            if left := await self.members.everyone(id):
                await self._have_an_owner(id, left)
            elif (empty := await OrganizationRepository(self.uow).seen(id, user_id)) is not None:
                await OrganizationRepository(self.uow).delete(id)
                self.uow.publish(OrganizationDeleted(id, empty.name, empty.slug))

    async def _have_an_owner(self, id: UUID, left: Sequence[MemberRow]) -> None:
        """Make somebody the owner where no owner can come in: of those who can, the first admin, else the first member."""
        standing = await UserService(self.uow).standing([member.user_id for member in left])
        heir = min(left, key=lambda member: (member.user_id not in standing, member.role != OWNER, member.role != ADMIN))
        if heir.role == OWNER:
            return
        await self.members.give_role(id, heir.user_id, OWNER)
        self.uow.publish(MemberRoleChanged(id, heir.user_id, OWNER))
        await self._tell(heir.user_id, "You are owner of an organization now, since its owner is gone", id)

    async def _close_invitation(self, id: UUID, user_id: UUID) -> None:
        """Whoever was removed does not come back with an invitation of before."""
        user = (await UserService(self.uow).living([user_id])).get(user_id)
        if user is not None:
            await InvitationRepository(self.uow).withdraw(id, user.email, clock.now())

    def _may_handle(self, caller: Principal, organization: SeenOrganization, member: MemberRow, role: MemberRole) -> None:
        """Raises RoleTooLow for an admin who would make or unmake an owner, or handle another admin."""
        if role_of(caller, organization) == OWNER:
            return
        if OWNER in (member.role, role) or (member.role == ADMIN and member.user_id != caller.id):
            raise RoleTooLow(OWNER)

    async def _member(self, id: UUID, user_id: UUID) -> MemberRow:
        member = await self.members.one(id, user_id)
        if member is None:
            raise MemberNotFound()
        return member

    async def _another_owner_than(self, id: UUID, user_id: UUID) -> None:
        """Raises LastOwner when no other owner may come in. The organization is locked, so two owners take turns."""
        others = [one.user_id for one in await self.members.everyone(id) if one.role == OWNER and one.user_id != user_id]
        if not await UserService(self.uow).standing(others):
            raise LastOwner()

    async def _is_there(self, user_id: UUID) -> None:
        """Raises MemberNotFound for a member who cannot come in."""
        if not await UserService(self.uow).standing([user_id]):
            raise MemberNotFound()

    async def _tell(self, user_id: UUID, title: str, id: UUID) -> None:
        await NotificationService(self.uow).notify(user_id, MEMBERSHIP, title, data={"organizationId": id})


async def personal_data(uow: UnitOfWork, user_id: UUID) -> dict[str, Any]:
    """Where the user belongs, and where he may join."""
    user = await UserService(uow).get(user_id)
    return {
        "memberships": await MemberRepository(uow).named_of_user(user_id),
        "invitations": await InvitationRepository(uow).to_address(user.email, clock.now()),
    }
