"""Why a credential is not accepted; `details["reason"]` tells the reasons apart (R-082)."""

from typing import ClassVar

from ..errors import Forbidden, Unauthenticated


class CredentialRefused(Unauthenticated):
    """The root of the refusals below. The message never says what was wrong with a token beyond its reason."""

    reason: ClassVar[str] = "token_invalid"

    def __init__(self) -> None:
        super().__init__(details={"reason": self.reason})


class TokenMissing(CredentialRefused):
    """No credential was sent."""

    message, reason = "No token provided", "token_missing"


class TokenExpired(CredentialRefused):
    """The token is ours, and its time is over."""

    message, reason = "The token has expired.", "token_expired"


class TokenInvalid(CredentialRefused):
    """The token is not ours, not meant for us, or not well-formed."""

    message, reason = "The token is not valid.", "token_invalid"


class TokenForged(TokenInvalid):
    """The token names one of our keys, and the signature is not of that key. Callers cannot tell it from TokenInvalid."""


class KeyRefused(CredentialRefused):
    """An API key is not accepted. Whoever is refused hears the same words, whatever the reason (R-099)."""

    message = "The API key is not accepted."


class KeyInvalid(KeyRefused):
    """The text is no key of ours: another form, another place, an unknown id or a wrong secret."""


class KeyExpired(KeyRefused):
    """The key, or the secret that it had before it was rotated, is past its time."""

    reason = "token_expired"


class KeyRevoked(KeyRefused):
    """The key was revoked, or its owner is deleted or disabled."""

    reason = "token_revoked"


class PeopleOnly(Forbidden):
    """The route is for people: no API key and no OAuth client opens it, whatever it may do (R-099)."""

    message = "API keys and OAuth clients may not do this. Sign in as a person."

    def __init__(self) -> None:
        super().__init__(details={"reason": "people_only"})


class TokenRevoked(CredentialRefused):
    """The token is ours, and its session was ended."""

    message, reason = "The session was ended.", "token_revoked"


class MfaEnrollmentRequired(Forbidden):
    """A role of the caller asks for a second factor, and the session proved none (ASVS 6.3.3)."""

    code: ClassVar[str] = "auth.mfa_enrollment_required"
    message: ClassVar[str] = (
        "Your role needs a second factor. Set up an authenticator app: POST /api/v1/auth/mfa/totp/enroll. "
        "With a passkey, sign in with it or prove it: POST /api/v1/auth/step-up."
    )


class NotWhileImpersonating(Forbidden):
    """Somebody acts as the user, and this is for the user alone."""

    code: ClassVar[str] = "auth.not_while_impersonating"
    message: ClassVar[str] = "Only the person may do this, not somebody who acts in the account."


class StepUpRequired(Forbidden):
    """A delicate change, and it is a while since the caller proved who it is (ASVS 7.5.1)."""

    code: ClassVar[str] = "auth.step_up_required"
    message: ClassVar[str] = "Prove again that it is you: POST /api/v1/auth/step-up."
