"""The situations of organizations."""

from mainspring.core.errors import Conflict, Forbidden, NotFound


class OrganizationNotFound(NotFound):
    """The same answer for one that is not there and one that the caller does not belong to."""

    code, message = "organizations.not_found", "Organization not found"


class MemberNotFound(NotFound):
    """The user is no member."""

    code, message = "organizations.member_not_found", "Member not found"


class InvitationNotFound(NotFound):
    """There is no open invitation of this id."""

    code, message = "organizations.invitation_not_found", "Invitation not found"


class InvitationInvalid(NotFound):
    """The same answer for a token that is unknown, used, expired or taken back."""

    code, message = "organizations.invitation_invalid", "This invitation is not valid any more. Ask for a new one."


class InvitationForAnother(Forbidden):
    """The invitation went to another address than that of whoever is signed in; it stays open."""

    code = "organizations.invitation_for_another"
    message = "This invitation was sent to another address. Sign in with the account that has it."


class EmailUnproved(Forbidden):
    """The account has the address and has not proved to read its mailbox: a forwarded mail lets nobody in; it stays open."""

    code = "organizations.email_unproved"
    message = "Prove first that you read the mailbox of your address, then open the invitation again."


class SlugTaken(Conflict):
    """Another organization has this short name."""

    code, message = "organizations.slug_taken", "Another organization has this short name"

    def __init__(self) -> None:
        super().__init__(details=[{"field": "slug", "message": self.message, "code": "taken"}])


class LastOwner(Conflict):
    """Somebody has to be left who can do everything."""

    code, message = "organizations.last_owner", "The last owner cannot leave or step down. Make somebody else the owner first."


class RoleTooLow(Forbidden):
    """The caller belongs to the organization, and his role does not allow this."""

    code = "organizations.role_too_low"

    def __init__(self, needed: str) -> None:
        super().__init__(f"Only the role {needed} of the organization may do this.", details={"required": [needed]})


class TooManyInvitations(Conflict):
    """The organization, or the caller, invited as many people within a day as one may."""

    code, message = "organizations.too_many_invitations", "Too many invitations within a day. Try again tomorrow."
