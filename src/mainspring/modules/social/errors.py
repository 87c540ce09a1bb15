"""The situations of social."""

from mainspring.core.errors import Conflict, Forbidden, Invalid, Malformed, NotFound, Unauthenticated, Unavailable


class ProviderNotFound(NotFound):
    """No provider of that name is set up."""

    code, message = "social.provider_not_found", "This service has no such sign-in."


class ProviderUnavailable(Unavailable):
    """The provider does not answer, or with something that is no answer (503)."""

    code, message = "social.provider_unavailable", "The provider does not answer at the moment. Try again later."


class NextRefused(Invalid):
    """The page to go to afterwards is none of ours."""

    code = "VALIDATION_ERROR"

    def __init__(self) -> None:
        super().__init__(
            details=[{"field": "next", "message": "Name a path of this site, such as /account.", "code": "not_a_path"}]
        )


class AttemptInvalid(Unauthenticated):
    """No sign-in waits for this answer: it is unknown, used, too old, of another provider or of another browser."""

    code, message = "social.attempt_invalid", "This sign-in is over, or began in another browser. Begin again."

    def __init__(self) -> None:
        super().__init__(details={"reason": "attempt_invalid"})


class LogoutTokenInvalid(Malformed):
    """What came by the back channel is no logout token of the provider, or came before (400, as the standard asks)."""

    code, message = "social.logout_token_invalid", "This is no logout token that can be accepted."


class SignInDeclined(Forbidden):
    """Whoever sits there did not agree at the provider."""

    code, message = "social.declined", "The sign-in was not agreed to."


class SignInRefused(Unauthenticated):
    """What the provider answered proves nothing, or the account may not come in: one answer for all."""

    code, message = "social.refused", "This sign-in was not accepted. Begin again."

    def __init__(self) -> None:
        super().__init__(details={"reason": "refused"})


class NotFreshEnough(SignInRefused):
    """The provider did not ask the person anew, or not strongly enough, though it was asked to (ASVS 6.8.4)."""

    code, message = "social.not_fresh", "Sign in at the provider once more, with all that it asks for."


class AddressUnproved(Forbidden):
    """The provider does not vouch for the address, so it proves no account here. The same whether or not there is one (D-40)."""

    code = "social.address_unproved"
    message = "The provider does not confirm your e-mail address. Confirm it there, or sign in another way and link it here."


class HandoverInvalid(Unauthenticated):
    """The code is unknown, used, too old, or was handed to another browser."""

    code, message = "social.code_invalid", "This code is not valid any more. Sign in again."

    def __init__(self) -> None:
        super().__init__(details={"reason": "code_invalid"})


class IdentityTaken(Conflict):
    """The outside account belongs to another account here."""

    code, message = "social.identity_taken", "This sign-in belongs to another account already."


class LinkNotFound(NotFound):
    """Not there, or somebody else's."""

    code, message = "social.link_not_found", "Link not found"


class LastWayIn(Conflict):
    """Without it nobody could sign in to the account."""

    code = "social.last_way_in"
    message = "This is the only way into your account. Set a password or add a passkey first."
