"""What clients send and receive when they sign in."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, ValidationError

from mainspring.core.email_address import Email
from mainspring.core.http import ListQuery, Out, Schema
from mainspring.core.http.messages import describe
from mainspring.core.http.openapi_parts import BOUNDED_BY_SETTINGS
from mainspring.modules.users.schemas import MeOut, Names

from ..rows import MfaRequired, SessionRow, SignedInAs

# Rules for new passwords need the settings and the other fields, so they lie in core.security.passwords and run in the workflow.
Password = Annotated[str, Field(min_length=1, max_length=4096, json_schema_extra={"format": "password"})]
NewPassword = Annotated[Password, Field(json_schema_extra={"format": "password", BOUNDED_BY_SETTINGS: True})]
RefreshTokenText = Annotated[str, StringConstraints(min_length=1, max_length=512)]
Transport = Annotated[
    Literal["bearer", "cookie"],
    Field(description="bearer answers both tokens; cookie has the browser keep them where no script can read them."),
]
RoleName = Annotated[str, StringConstraints(min_length=1, max_length=50)]


class Register(Names):
    """A new account for oneself."""

    email: Email
    password: NewPassword


class CreateUser(Names):
    """A new account for somebody else. Without roles it gets the role `user` (R-141)."""

    email: Email
    password: NewPassword
    roles: Annotated[list[RoleName], Field(max_length=20)] | None = None


class Login(Schema):
    """An address and its password."""

    email: Email
    password: Password
    transport: Transport = "bearer"


class Refresh(Schema):
    """The refresh token; left out where it comes as a cookie."""

    refresh_token: RefreshTokenText | None = None


class ChangePassword(Schema):
    """The password of now and the one to be."""

    current_password: Password
    new_password: NewPassword


class SessionQuery(ListQuery):
    """Which sessions, in which order."""

    sort: Literal["lastUsedAt", "-lastUsedAt", "createdAt", "-createdAt"] | None = None


class BearerOut(Out):
    """A session began or goes on; the client keeps both tokens."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of a scheme
    expires_in: int = Field(description="Seconds until the access token expires.")
    expires_at: datetime = Field(description="When the access token expires.")
    refresh_token: str
    refresh_expires_at: datetime = Field(description="When the refresh token expires unless it is used before.")
    device_token: str | None = Field(
        default=None,
        description="Send it as X-Device-Token at later sign-ins from this device; it opens nothing by itself. Only at sign-in.",
    )
    mfa_enrollment_required: bool = Field(
        default=False,
        description="Whether a role asks for a second factor that is missing: the session can set one up, and do nothing else.",
    )
    user: MeOut

    @classmethod
    def of(cls, signed_in: SignedInAs) -> Self:
        """The answer for a sign-in or a refresh."""
        return cls(
            access_token=signed_in.access.text,
            expires_in=signed_in.access.expires_in,
            expires_at=signed_in.access.expires_at,
            refresh_token=signed_in.tokens.refresh_token,
            refresh_expires_at=signed_in.tokens.refresh_expires_at,
            device_token=signed_in.device.text if signed_in.device else None,
            mfa_enrollment_required=signed_in.must_enrol,
            user=MeOut.of(signed_in.profile, must_enrol=signed_in.must_enrol),
        )


class CookieOut(Out):
    """A session began or goes on; the browser keeps both tokens in cookies."""

    expires_in: int = Field(description="Seconds until the access token expires.")
    expires_at: datetime = Field(description="When the access token expires.")
    refresh_expires_at: datetime = Field(description="When the refresh token expires unless it is used before.")
    csrf_token: str = Field(description="Send it as X-CSRF-Token with every request that changes something.")
    mfa_enrollment_required: bool = Field(
        default=False,
        description="Whether a role asks for a second factor that is missing: the session can set one up, and do nothing else.",
    )
    user: MeOut

    @classmethod
    def of_browser(cls, signed_in: SignedInAs, csrf_token: str) -> Self:
        """The answer for a sign-in or a refresh."""
        return cls(
            expires_in=signed_in.access.expires_in,
            expires_at=signed_in.access.expires_at,
            refresh_expires_at=signed_in.tokens.refresh_expires_at,
            csrf_token=csrf_token,
            mfa_enrollment_required=signed_in.must_enrol,
            user=MeOut.of(signed_in.profile, must_enrol=signed_in.must_enrol),
        )


class CsrfOut(Out):
    """What pages send as `X-CSRF-Token` with every request that changes something."""

    csrf_token: str


class MfaRequiredOut(Out):
    """The password (or another first proof) was right; a second factor is needed before there is a session."""

    mfa_required: Literal[True] = True
    mfa_token: str = Field(description="Send it to /auth/mfa/verify with the second factor.")
    expires_in: int = Field(description="Seconds until the token expires.")
    methods: list[str] = Field(description="Ways to prove the second factor.")

    @classmethod
    def of(cls, asked: MfaRequired) -> Self:
        """The question for the second factor."""
        return cls(mfa_token=asked.token, expires_in=asked.expires_in, methods=list(asked.methods))


class SessionOut(Out):
    """One of the caller's sessions."""

    id: UUID
    device: str | None = Field(description="The program and system in words, as far as they can be told.")
    user_agent: str | None
    ip_address: str | None
    place: str | None = Field(description="Where the address is, in an installation that knows.")
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    current: bool
    impersonated_by: UUID | None = Field(description="Who acts as the user in this session, when it is not the user.")

    @classmethod
    def seen_from(cls, session_id: UUID, row: SessionRow, words: str | None) -> Self:
        """The answer for a session, looked at from another; `words` name its device."""
        return cls(
            id=row.id,
            device=words,
            user_agent=row.device,
            ip_address=row.ip_address,
            place=row.place,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            expires_at=row.expires_at,
            current=row.id == session_id,
            impersonated_by=row.impersonator_id,
        )


def described(wrong: ValidationError) -> list[dict[str, str]]:
    """Mistakes in a wish that came by no request, in the same plain words."""
    return describe(wrong.errors())
