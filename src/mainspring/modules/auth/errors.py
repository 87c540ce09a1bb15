"""The situations of auth."""

from uuid import UUID

from mainspring.core.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated


class InvalidCredentials(Unauthenticated):
    """The same answer for an unknown address, a wrong password and a disabled account (R-057, D-11)."""

    code, message = "auth.invalid_credentials", "Invalid credentials"

    def __init__(self) -> None:
        super().__init__(details={"reason": "invalid_credentials"})


class RefreshTokenInvalid(Unauthenticated):
    """No such refresh token."""

    code, message = "auth.refresh_invalid", "The refresh token is not valid."

    def __init__(self) -> None:
        super().__init__(details={"reason": "token_invalid"})


class RefreshTokenExpired(Unauthenticated):
    """The refresh token or its session is past its time."""

    code, message = "auth.refresh_expired", "The session has expired. Sign in again."

    def __init__(self) -> None:
        super().__init__(details={"reason": "token_expired"})


class RefreshTokenRevoked(Unauthenticated):
    """The session was ended."""

    code, message = "auth.refresh_revoked", "The session was ended. Sign in again."

    def __init__(self) -> None:
        super().__init__(details={"reason": "token_revoked"})


class RefreshTokenReused(Unauthenticated):
    """A refresh token came a second time after its grace window: the whole family ends (D-04)."""

    code, message = "auth.refresh_reused", "The refresh token was used before, so the session was ended. Sign in again."
    keep_writes = True  # the revocation of the family must outlive the refusal

    def __init__(self) -> None:
        super().__init__(details={"reason": "token_reused"})


class SessionNotFound(NotFound):
    """Not there, or somebody else's."""

    code, message = "auth.session_not_found", "Session not found"


class WrongPassword(Forbidden):
    """The current password is wrong. 403 and not 401, for the session itself is fine."""

    code, message = "auth.wrong_password", "The current password is wrong."


class MfaTokenInvalid(Unauthenticated):
    """No sign-in waits behind this token: it is unknown, used, too old, or its account may not come in."""

    code, message = "auth.mfa_token_invalid", "This sign-in is over. Begin again with the first step."

    def __init__(self) -> None:
        super().__init__(details={"reason": "token_invalid"})


class SecondFactorRefused(Unauthenticated):
    """The same answer for a wrong code and one that was used."""

    code, message = "auth.second_factor_refused", "The code is wrong, or was used before."

    def __init__(self) -> None:
        super().__init__(details={"reason": "invalid_code"})


class WrongCode(Forbidden):
    """The code is wrong or was used. 403 and not 401, for the session itself is fine."""

    code, message = "auth.wrong_code", "The code is wrong, or was used before."


class TotpActive(Conflict):
    """There is a confirmed authenticator app already."""

    code, message = "auth.totp_active", "An authenticator app is set up already. Remove it first."


class TotpNotActive(Conflict):
    """There is no authenticator app to do this with."""

    code, message = "auth.totp_not_active", "No authenticator app is set up."


class StepUpImpossible(Conflict):
    """The account has nothing that could be shown again."""

    code, message = "auth.step_up_impossible", "This account has neither a password nor a second factor. Sign in again."


class PasskeyRefused(Forbidden):
    """What the browser sent is no passkey that we asked for."""

    code, message = "auth.passkey_refused", "This passkey cannot be used here."


class SignInPasskeyRefused(Unauthenticated):
    """The same answer for an unknown passkey, a wrong signature, a used challenge and a disabled account."""

    code, message = "auth.passkey_refused", "This passkey does not sign anybody in."

    def __init__(self) -> None:
        super().__init__(details={"reason": "invalid_passkey"})


class PasskeyKnown(Conflict):
    """The passkey belongs to an account already."""

    code, message = "auth.passkey_known", "This passkey is known already."


class TooManyPasskeys(Conflict):
    """An account has as many passkeys as it may."""

    code, message = "auth.too_many_passkeys", "There are 20 passkeys already. Remove one first."


class PasskeyNotFound(NotFound):
    """Not there, or somebody else's."""

    code, message = "auth.passkey_not_found", "Passkey not found"


class PasswordRefused(Invalid):
    """The password breaks a rule."""

    code = "VALIDATION_ERROR"


class LinkInvalid(Unauthenticated):
    """The secret of a mail is unknown, used, too old, or of an address that is not the user's any more: one answer for all."""

    code, message = "auth.link_invalid", "This link is not valid any more. Ask for a new one."

    def __init__(self) -> None:
        super().__init__(details={"reason": "link_invalid"})


class EmailUnverified(Forbidden):
    """Who it is was proved, but not that the address is his."""

    code, message = "auth.email_unverified", "Confirm your e-mail address first. A link is in your mailbox."


class RegistrationClosed(Forbidden):
    """Accounts are made by those who may, and nobody makes one for oneself."""

    code, message = "auth.registration_closed", "Nobody can register here. Ask whoever runs this service for an account."


class SameEmail(Conflict):
    """The address to be is the address that is."""

    code, message = "auth.same_email", "This is your address already."


class ExportNotFound(NotFound):
    """Not there, not kept any more, or somebody else's."""

    code = "auth.export_not_found"

    def __init__(self, id: UUID) -> None:
        super().__init__(f"Archive {id} was not found")


class SecondFactorCompulsory(Conflict):
    """A role asks for a second factor, and this is the last."""

    code = "auth.second_factor_compulsory"
    message = "Your role needs a second factor, and this is the last one. Set up another first."


class ImpersonationRefused(Forbidden):
    """Nobody acts as this user, or the caller does not."""

    code, message = "auth.impersonation_refused", "You cannot act as this user."

    def __init__(self, reason: str) -> None:
        super().__init__(details={"reason": reason})


class NotImpersonating(NotFound):
    """The caller does not act as this user."""

    code, message = "auth.not_impersonating", "You do not act as this user."
