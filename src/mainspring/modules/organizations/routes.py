"""Organizations over REST. Inside one, the service decides by the caller's role there."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from mainspring.core.http import IfMatch, PageOut, ReadUnit, Router, WriteUnit, offered_if, pagination_of, problems
from mainspring.core.security.guard import CurrentPerson

from .errors import (
    EmailUnproved,
    InvitationForAnother,
    InvitationInvalid,
    InvitationNotFound,
    LastOwner,
    MemberNotFound,
    OrganizationNotFound,
    RoleTooLow,
    SlugTaken,
    TooManyInvitations,
)
from .permissions import Founder, Member
from .schemas import (
    AcceptInvitation,
    ChangeMember,
    CreateOrganization,
    InvitationOut,
    InvitationQuery,
    InvitedOut,
    InviteMember,
    MemberOut,
    MemberQuery,
    OrganizationOut,
    OrganizationQuery,
    TransferOwnership,
    UpdateOrganization,
)
from .service import InvitationService, MemberService, OrganizationService

router = Router(prefix="/organizations", tags=["organizations"])
for_admins = offered_if(lambda organization, caller: organization["role"] in ("owner", "admin"))
for_owners = offered_if(lambda organization, caller: organization["role"] == "owner")
for_members = offered_if(lambda organization, caller: organization["role"] is not None)


@router.post("", status_code=201, responses=problems(SlugTaken))
async def create_organization(body: CreateOrganization, caller: Founder, uow: WriteUnit) -> OrganizationOut:
    """Make an organization; one is its owner then."""
    return OrganizationOut.of(await OrganizationService(uow).create(caller, body))


@router.get("")
async def list_organizations(
    query: Annotated[OrganizationQuery, Query()], caller: Member, uow: ReadUnit
) -> PageOut[OrganizationOut]:
    """The organizations that one belongs to."""
    return PageOut[OrganizationOut].of(await OrganizationService(uow).find(caller, query))


@router.post("/invitations/acceptance", responses=problems(InvitationInvalid, InvitationForAnother, EmailUnproved))
async def accept_invitation(body: AcceptInvitation, caller: CurrentPerson, uow: WriteUnit) -> OrganizationOut:
    """Join the organization of an invitation, with the token of its mail and the account that proved its address."""
    return OrganizationOut.of(await InvitationService(uow).accept(caller, body.token))


@router.get("/{id}", responses=problems(OrganizationNotFound))
async def get_organization(id: UUID, caller: Member, uow: ReadUnit) -> OrganizationOut:
    """An organization that one belongs to."""
    return OrganizationOut.of(await OrganizationService(uow).seen_by(caller, id))


@router.patch("/{id}", dependencies=[for_admins], responses=problems(OrganizationNotFound, RoleTooLow, SlugTaken))
async def update_organization(
    id: UUID, body: UpdateOrganization, caller: Member, uow: WriteUnit, expected: IfMatch
) -> OrganizationOut:
    """Change the name or the short name, as an admin."""
    return OrganizationOut.of(await OrganizationService(uow).update(caller, id, body, expected))


@router.delete("/{id}", status_code=204, dependencies=[for_owners], responses=problems(OrganizationNotFound, RoleTooLow))
async def delete_organization(id: UUID, caller: CurrentPerson, uow: WriteUnit) -> None:
    """Delete an organization with its memberships and invitations, as an owner."""
    await OrganizationService(uow).delete(caller, id)


@router.post("/{id}/transfer", dependencies=[for_owners], responses=problems(OrganizationNotFound, MemberNotFound, RoleTooLow))
async def transfer_organization(id: UUID, body: TransferOwnership, caller: CurrentPerson, uow: WriteUnit) -> OrganizationOut:
    """Make another member the owner in one's own place, and stay as an admin."""
    await MemberService(uow).transfer(caller, id, body.user_id)
    return OrganizationOut.of(await OrganizationService(uow).seen_by(caller, id))


@router.get("/{id}/members", dependencies=[for_members], responses=problems(OrganizationNotFound))
async def list_members(id: UUID, query: Annotated[MemberQuery, Query()], caller: Member, uow: ReadUnit) -> PageOut[MemberOut]:
    """The members of an organization, the first to join first."""
    found, members = await MemberService(uow).find(caller, id, query)
    return PageOut[MemberOut](data=MemberOut.list_of(members), pagination=pagination_of(found))


@router.patch(
    "/{id}/members/{user_id}", status_code=204, responses=problems(OrganizationNotFound, MemberNotFound, RoleTooLow, LastOwner)
)
async def change_member(id: UUID, user_id: UUID, body: ChangeMember, caller: Member, uow: WriteUnit) -> None:
    """Give a member another role: admins those below them, owners everybody."""
    await MemberService(uow).change(caller, id, user_id, body.role)


@router.delete(
    "/{id}/members/{user_id}", status_code=204, responses=problems(OrganizationNotFound, MemberNotFound, RoleTooLow, LastOwner)
)
async def remove_member(id: UUID, user_id: UUID, caller: Member, uow: WriteUnit) -> None:
    """Leave an organization, or remove somebody from it."""
    await MemberService(uow).remove(caller, id, user_id)


@router.get("/{id}/invitations", dependencies=[for_admins], responses=problems(OrganizationNotFound, RoleTooLow))
async def list_invitations(
    id: UUID, query: Annotated[InvitationQuery, Query()], caller: Member, uow: ReadUnit
) -> PageOut[InvitationOut]:
    """The open invitations, for admins."""
    return PageOut[InvitationOut].of(await InvitationService(uow).find(caller, id, query))


@router.post(
    "/{id}/invitations",
    status_code=202,
    dependencies=[for_admins],
    responses=problems(OrganizationNotFound, RoleTooLow, TooManyInvitations),
)
async def invite_member(id: UUID, body: InviteMember, caller: Member, uow: WriteUnit) -> InvitedOut:
    """Invite somebody by mail, as an admin. The answer is the same whether or not the address has an account."""
    return InvitedOut.of(await InvitationService(uow).invite(caller, id, body))


@router.delete(
    "/{id}/invitations/{invitation_id}", status_code=204, responses=problems(OrganizationNotFound, RoleTooLow, InvitationNotFound)
)
async def revoke_invitation(id: UUID, invitation_id: UUID, caller: Member, uow: WriteUnit) -> None:
    """Take an open invitation back, as an admin."""
    await InvitationService(uow).revoke(caller, id, invitation_id)
