"""Invitations: made for an address, mailed, and claimed once by whoever has it (D-11)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from mainspring.core import clock
from mainspring.core.database import Page, Slice, UnitOfWork
from mainspring.core.security.claim_once import claim_once, offer_once, withdraw
from mainspring.core.security.principal import Principal
from mainspring.core.settings import Settings as CoreSettings
from mainspring.modules.users.service import UserService

from ..errors import EmailUnproved, InvitationForAnother, InvitationInvalid, InvitationNotFound, TooManyInvitations
from ..events import InvitationEvent, InvitationRevoked, MemberInvited, MemberJoined
from ..repository import INVITATIONS, InvitationRepository, MemberRepository, OrganizationRepository
from ..rows import ADMIN, InvitationRow, SeenOrganization
from ..schemas import InvitationQuery, InviteMember, SendInvitation
from ..settings import Settings
from .organizations import OrganizationService

PURPOSE = "organizations.invitation"
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Letter:
    """What an invitation's mail says."""

    email: str
    organization: str
    inviter: str
    role: str
    expires_at: datetime
    link: str = field(repr=False)


class InvitationService:
    """Nothing here looks whether somebody has an address, so nothing tells."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.organizations = OrganizationService(uow)
        self.invitations = InvitationRepository(uow)
        self.core = uow.port(CoreSettings)
        self.settings = self.core.section(Settings)

    async def invite(self, caller: Principal, id: UUID, wish: InviteMember) -> InvitationRow:
        """Invite an address; an earlier invitation of it is taken back. The mail goes out with the commit.

        Raises OrganizationNotFound, RoleTooLow, TooManyInvitations.
        """
        await self.organizations.looked_after(caller, id, ADMIN)
        now = clock.now()
        await self._make_room(caller, id, now)
        if (earlier := await self.invitations.withdraw(id, wish.email, now)) is not None:
            await withdraw(self.uow, PURPOSE, str(earlier.id))
        expires_at = now + self.settings.invitation_life
        made = await self.invitations.add(id, wish.email, wish.role, caller.id, now, expires_at)
        if made is None:
            raise LookupError("an open invitation is there although it was withdrawn")
        self.uow.publish(_fact(MemberInvited, made))
        self.uow.enqueue(SendInvitation(made.id))
        return made

    async def letter(self, invitation_id: UUID) -> Letter | None:
        """The mail of an open invitation, with a new secret; the one before opens nothing any more. None when it is closed."""
        now = clock.now()
        invitation = await self.invitations.by_id(invitation_id, now)
        if invitation is None:
            return None
        organization = await OrganizationRepository(self.uow).seen(
            invitation.organization_id, invitation.invited_by or invitation.id
        )
        if organization is None:
            return None
        people = await UserService(self.uow).living([invitation.invited_by] if invitation.invited_by else [])
        await withdraw(self.uow, PURPOSE, str(invitation.id))
        token = await offer_once(self.uow, PURPOSE, str(invitation.id), invitation.expires_at - now)
        return Letter(
            invitation.email,
            organization.name,
            next((person.name for person in people.values()), ""),
            invitation.role,
            invitation.expires_at,
            self.core.public_url.rstrip("/") + self.settings.link_path.replace("{token}", token),
        )

    async def accept(self, caller: Principal, token: str) -> SeenOrganization:
        """Join with the token of the mail, which counts once. Whoever belongs already keeps his role.

        Raises InvitationInvalid, and, with the token staying good, InvitationForAnother for an account with another address and
        EmailUnproved for one that did not prove it.
        """
        subject = await claim_once(self.uow, PURPOSE, token)
        now = clock.now()
        invitation = None if subject is None else await self.invitations.accept(UUID(subject), now)
        if invitation is None:
            raise InvitationInvalid()
        user = await UserService(self.uow).get(caller.id)
        if user.email != invitation.email:
            raise InvitationForAnother()
        if not user.email_verified:
            raise EmailUnproved()
        id = invitation.organization_id
        if await MemberRepository(self.uow).add(id, caller.id, invitation.role, now):
            self.uow.publish(MemberJoined(id, caller.id, invitation.role))
        return await self.organizations.seen_by(caller, id)

    async def find(self, caller: Principal, id: UUID, query: InvitationQuery) -> Page[InvitationRow] | Slice[InvitationRow]:
        """The open invitations. Raises OrganizationNotFound, RoleTooLow."""
        await self.organizations.may_look_after(caller, id, ADMIN)
        return await query.fetch(self.uow, INVITATIONS, organization_id=id, now=clock.now())

    async def revoke(self, caller: Principal, id: UUID, invitation_id: UUID) -> None:
        """Take an open invitation back. Raises OrganizationNotFound, RoleTooLow, InvitationNotFound."""
        await self.organizations.looked_after(caller, id, ADMIN)
        revoked = await self.invitations.revoke(id, invitation_id, clock.now())
        if revoked is None:
            raise InvitationNotFound()
        await withdraw(self.uow, PURPOSE, str(invitation_id))
        self.uow.publish(_fact(InvitationRevoked, revoked))

    async def forget_old(self) -> int:
        """Delete invitations that are closed and count for no limit any more: addresses of people who may never join."""
        now = clock.now()
        return await self.invitations.forget(now, now - DAY)

    async def _make_room(self, caller: Principal, id: UUID, now: datetime) -> None:
        """Raises TooManyInvitations. One person takes turns with himself, whatever organizations he invites to."""
        await self.uow.lock(f"organizations.invitations {caller.id}", wait=True)
        of_this, of_caller = await self.invitations.counts_since(id, caller.id, now - DAY)
        if max(of_this, of_caller) >= self.settings.invitations_per_day:
            raise TooManyInvitations()


def _fact(kind: type[InvitationEvent], invitation: InvitationRow) -> InvitationEvent:
    return kind(invitation.organization_id, invitation.id, invitation.email, invitation.role)
