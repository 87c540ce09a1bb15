"""What clients send and receive about users."""

import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    Field,
    HttpUrl,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from mainspring.core.email_address import Email
from mainspring.core.http import ListQuery, Out, Schema
from mainspring.core.security.principal import Principal
from mainspring.core.security.rich_text import clean

from .rows import Profile, UserKind, UserRow

LETTERS_AND_MARKS = ("L", "M")
JOINERS = frozenset(" -'\u2019")  # also the curly apostrophe
MAX_NAME, MAX_JOINED_NAME, MAX_BIO, MAX_URL = 100, 200, 1000, 2048
HTTP_URL: TypeAdapter[HttpUrl] = TypeAdapter(HttpUrl)


def _name_rule(label: str) -> Callable[[str], str]:
    """The rule of a name (D-14): letters and marks of any script, space, hyphen, apostrophe; 1 to 100, trimmed."""

    def checked(typed: str) -> str:
        name = typed.strip()
        if not name:
            raise PydanticCustomError("name_required", f"{label} is required")
        if len(name) > MAX_NAME:
            raise PydanticCustomError("name_too_long", f"{label} must be at most {MAX_NAME} characters")
        if not all(sign in JOINERS or unicodedata.category(sign)[0] in LETTERS_AND_MARKS for sign in name):
            raise PydanticCustomError("name_invalid", f"{label} may hold letters, spaces, hyphens and apostrophes")
        if not any(unicodedata.category(sign)[0] == "L" for sign in name):
            raise PydanticCustomError("name_invalid", f"{label} must hold a letter")
        return name

    return checked


def _web_address(typed: str) -> str:
    address = typed.strip()
    if len(address) > MAX_URL:
        raise PydanticCustomError("url_too_long", f"The address must be at most {MAX_URL} characters")
    try:
        HTTP_URL.validate_python(address)
    except ValidationError:
        raise PydanticCustomError("url_invalid", "The address must start with http:// or https://") from None
    return address


NAME_SCHEMA = WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_NAME, "examples": ["Ada"]})
PersonName = Annotated[str, AfterValidator(_name_rule("Name")), NAME_SCHEMA]
FirstName = Annotated[str, AfterValidator(_name_rule("First name")), NAME_SCHEMA]
LastName = Annotated[str, AfterValidator(_name_rule("Last name")), NAME_SCHEMA]
WebAddress = Annotated[
    str,
    AfterValidator(_web_address),
    WithJsonSchema({"type": "string", "format": "uri", "maxLength": MAX_URL, "examples": ["https://example.com/ada"]}),
]
Age = Annotated[int, Field(ge=13, le=120)]
Bio = Annotated[str, Field(max_length=MAX_BIO), AfterValidator(clean)]


class Names(Schema):
    """A name, or a first and a last name that make one (R-139)."""

    name: PersonName | None = None
    first_name: FirstName | None = None
    last_name: LastName | None = None

    @model_validator(mode="after")
    def _a_name_is_there(self) -> Self:
        if not self.full_name:
            raise PydanticCustomError("name_required", "Name is required")
        if len(self.full_name) > MAX_JOINED_NAME:
            raise PydanticCustomError("name_too_long", f"Name must be at most {MAX_JOINED_NAME} characters")
        return self

    @property
    def full_name(self) -> str:
        """The name, else first and last name joined."""
        return self.name or " ".join(part for part in (self.first_name, self.last_name) if part)


class UpdateProfile(Schema):
    """What people may change about themselves; `null` empties an optional field."""

    name: Annotated[PersonName | None, NAME_SCHEMA] = None
    first_name: FirstName | None = None
    last_name: LastName | None = None
    age: Age | None = None
    bio: Bio | None = None
    website: WebAddress | None = None
    avatar_url: WebAddress | None = None

    @field_validator("name", mode="before")
    @classmethod
    def _name_stays(cls, typed: Any) -> Any:
        if typed is None:
            raise PydanticCustomError("name_required", "Name is required")
        return typed

    def wishes(self) -> dict[str, Any]:
        """The fields that were sent, by column."""
        return self.model_dump(exclude_unset=True)


class UpdateUser(UpdateProfile):
    """What a holder of `users:update` may change about others."""

    is_active: Annotated[bool | None, WithJsonSchema({"type": "boolean"})] = None

    @field_validator("is_active", mode="before")
    @classmethod
    def _status_is_said(cls, typed: Any) -> Any:
        if typed is None:
            raise PydanticCustomError("status_required", "Status must be true or false")
        return typed


class UserQuery(ListQuery):
    """Which users, in which order (R-144)."""

    sort: Literal["createdAt", "-createdAt", "name", "-name"] | None = None
    email: Email | None = None
    is_active: bool | None = None
    kind: UserKind | None = None


class UserOut(Out):
    """A user (R-334)."""

    id: UUID
    kind: UserKind
    name: str
    first_name: str | None
    last_name: str | None
    email: Email
    roles: list[str]
    is_active: bool
    email_verified: bool
    mfa_enabled: bool
    age: int | None
    bio: str | None
    website: str | None
    avatar_url: str | None
    created_at: datetime
    updated_at: datetime
    version: int = Field(exclude=True)  # part of the ETag, not of the body

    @classmethod
    def of(cls, profile: Profile) -> Self:
        """The answer for a user and his roles."""
        return cls.model_validate({**_shown(profile.user), "roles": list(profile.roles)})


class MeOut(UserOut):
    """Oneself, with what one may do at this moment."""

    permissions: list[str]
    impersonated_by: UUID | None = Field(
        default=None, description="Who acts as the user in this session, when it is not the user; show a banner then."
    )
    mfa_enrollment_required: bool = Field(
        default=False, description="Whether the session may do nothing until a second factor is set up, or proved."
    )

    @classmethod
    def of(cls, profile: Profile, impersonated_by: UUID | None = None, must_enrol: bool = False) -> Self:
        """The answer for oneself."""
        return cls.model_validate(
            {
                **_shown(profile.user),
                "roles": list(profile.roles),
                "permissions": list(profile.permissions),
                "impersonated_by": impersonated_by,
                "mfa_enrollment_required": must_enrol,
            }
        )

    @classmethod
    def seen_by(cls, caller: Principal, profile: Profile) -> Self:
        """The same, as the caller's session is."""
        return cls.of(profile, caller.impersonator_id, caller.must_enrol)


def _shown(user: UserRow) -> dict[str, Any]:
    return {name: getattr(user, name) for name in UserOut.model_fields if name != "roles"}
