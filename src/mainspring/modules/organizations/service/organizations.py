"""Organizations: making, showing, changing and deleting them; and what a role in one allows."""

import re
import unicodedata
from uuid import UUID

from mainspring.core import clock, ids
from mainspring.core.database import Page, Slice, UnitOfWork
from mainspring.core.errors import PreconditionFailed
from mainspring.core.observability.logs import get_logger
from mainspring.core.security.principal import Principal

from ..errors import OrganizationNotFound, RoleTooLow, SlugTaken
from ..events import OrganizationCreated, OrganizationDeleted, OrganizationUpdated
from ..permissions import MANAGE
from ..repository import OF_MEMBER, MemberRepository, OrganizationRepository
from ..rows import ADMIN, OWNER, MemberRole, SeenOrganization
from ..schemas import CreateOrganization, OrganizationQuery, UpdateOrganization

log = get_logger(__name__)
LONGEST_SLUG = 40


class OrganizationService:
    """Owners may everything, admins all but what makes owners, members see. Holders of `organizations:manage` act as owners."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.organizations = OrganizationRepository(uow)

    async def create(self, founder: Principal, wish: CreateOrganization) -> SeenOrganization:
        """Make one; the founder is its owner. Raises SlugTaken."""
        slug = wish.slug or f"{_slug_of(wish.name)}-{ids.secret(3)}"
        made = await self.organizations.add(wish.name, slug, founder.id)
        if made is None:
            raise SlugTaken()
        await MemberRepository(self.uow).add(made.id, founder.id, OWNER, clock.now())
        self.uow.publish(OrganizationCreated(made.id, made.name, made.slug))
        return await self.seen_by(founder, made.id)

    async def find(self, caller: Principal, query: OrganizationQuery) -> Page[SeenOrganization] | Slice[SeenOrganization]:
        """The organizations that the caller belongs to."""
        return await query.fetch(self.uow, OF_MEMBER, user_id=caller.id)

    async def seen_by(self, caller: Principal, id: UUID) -> SeenOrganization:
        """One as far as the caller may see it. Raises OrganizationNotFound for a stranger's."""
        found = await self.organizations.seen(id, caller.id)
        if found is None or (found.role is None and not caller.may(MANAGE)):
            if found is not None:
                log.warning("resource_access_denied", userId=str(caller.id), resourceId=str(id))
            raise OrganizationNotFound()
        return found

    async def may_look_after(self, caller: Principal, id: UUID, needed: MemberRole) -> SeenOrganization:
        """One that the caller may read as `needed` may. Raises OrganizationNotFound, RoleTooLow."""
        found = await self.seen_by(caller, id)
        if not allows(role_of(caller, found), needed):
            raise RoleTooLow(needed)
        return found

    async def looked_after(self, caller: Principal, id: UUID, needed: MemberRole) -> SeenOrganization:
        """One that the caller may change as `needed` may, locked until this unit ends, so that changes of it take turns.

        Raises OrganizationNotFound, RoleTooLow.
        """
        await self.seen_by(caller, id)
        if not await self.organizations.lock(id):
            raise OrganizationNotFound()
        return await self.may_look_after(caller, id, needed)  # the role may have changed while we waited

    async def update(self, caller: Principal, id: UUID, wish: UpdateOrganization, version: int | None = None) -> SeenOrganization:
        """Change name or short name. Raises OrganizationNotFound, RoleTooLow, SlugTaken, PreconditionFailed."""
        before = await self.looked_after(caller, id, ADMIN)
        if version is not None and version != before.version:
            raise PreconditionFailed()
        wishes = {name: value for name, value in wish.wishes().items() if value != getattr(before, name)}
        if not wishes:
            return before
        if "slug" in wishes and await self.organizations.id_of_slug(wishes["slug"]) is not None:
            raise SlugTaken()
        after = await self.organizations.change(id, wishes, version)
        if after is None:
            raise PreconditionFailed()
        self.uow.publish(OrganizationUpdated(id, after.name, after.slug))
        return await self.seen_by(caller, id)

    async def delete(self, caller: Principal, id: UUID) -> None:
        """Delete one with everything that belongs to it. Raises OrganizationNotFound, RoleTooLow."""
        found = await self.looked_after(caller, id, OWNER)
        await self.organizations.delete(id)
        self.uow.publish(OrganizationDeleted(id, found.name, found.slug))


def role_of(caller: Principal, organization: SeenOrganization) -> MemberRole | None:
    """What the caller counts as in an organization."""
    return OWNER if caller.may(MANAGE) else organization.role


def allows(role: MemberRole | None, needed: MemberRole) -> bool:
    """Whether a role may what the needed one may."""
    order: list[MemberRole | None] = [None, "member", "admin", "owner"]
    return order.index(role) >= order.index(needed)


def _slug_of(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:LONGEST_SLUG].strip("-") or "organization"
