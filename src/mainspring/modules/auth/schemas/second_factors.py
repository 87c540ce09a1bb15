"""What clients send and receive about second factors."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from mainspring.core.http import Out, Schema

from .passkeys import Assertion
from .signing_in import Password

TotpCode = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{6}$"), Field(examples=["123456"], description="Six digits.")
]
RecoveryCodeText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z2-7 -]{24,40}$"),
    Field(examples=["ABCD-EFGH-IJKL-MNOP-QRST-UVWX"], description="As it was shown; case and hyphens do not matter."),
]


class SecondFactor(Schema):
    """A code of the authenticator app, a recovery code, or a passkey."""

    code: TotpCode | None = None
    recovery_code: RecoveryCodeText | None = None
    passkey: Assertion | None = None

    @property
    def shown(self) -> list[str]:
        """The names of what was sent."""
        return [name for name in ("code", "recovery_code", "passkey") if getattr(self, name) is not None]


class VerifyMfa(SecondFactor):
    """The second step of a sign-in: what the first one answered, and one second factor."""

    model_config = ConfigDict(json_schema_extra={"example": {"mfaToken": "79783a3dd61f2723", "code": "123456"}})

    mfa_token: Annotated[str, StringConstraints(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _one_is_there(self) -> Self:
        if len(self.shown) != 1:
            raise PydanticCustomError("one_factor", "Send a code, a recovery code or a passkey, and only one of them")
        return self


class StepUp(SecondFactor):
    """Everything that the account asks for: the password if it has one, the second factor if it has one; or a passkey."""

    model_config = ConfigDict(json_schema_extra={"example": {"password": "correct horse battery staple", "code": "123456"}})

    password: Password | None = None


class ActivateTotp(Schema):
    """The first code of the authenticator app."""

    code: TotpCode


class CurrentPassword(Schema):
    """The password of now; accounts without one leave it out."""

    current_password: Password | None = None


class MfaOut(Out):
    """The caller's second factors."""

    methods: list[str] = Field(description="Ways to prove the second factor; empty when signing in asks for none.")
    totp_activated_at: datetime | None
    recovery_codes_left: int


class TotpEnrolmentOut(Out):
    """What an authenticator app needs; shown now and never again."""

    secret: str = Field(description="In base32, for typing it in.")
    otpauth_url: str
    qr_code: str = Field(description="The address as a picture, in a data URL.")


class RecoveryCodesOut(Out):
    """Ten codes that each work once; shown now and never again."""

    recovery_codes: list[str]
