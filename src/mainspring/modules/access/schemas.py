"""What clients send and receive about roles and grants."""

from datetime import datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from mainspring.core import clock
from mainspring.core.http import ListQuery, Moment, Out, Schema
from mainspring.core.security.permission import Permission
from mainspring.core.settings.durations import parse_duration

from .rows import Explanation, RoleWithPermissions, Rule

LONGEST_GRANT = timedelta(days=3650)


def _duration(typed: str) -> str:
    try:
        lasting = parse_duration(typed)
    except ValueError:
        raise PydanticCustomError("duration_invalid", "A duration is a number and s, m, h or d, such as 15m") from None
    if not timedelta(0) < lasting <= LONGEST_GRANT:
        raise PydanticCustomError("duration_out_of_range", "A grant lasts between a second and ten years")
    return typed


RoleName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{1,49}$")]
PermissionName = Annotated[str, StringConstraints(min_length=3, max_length=100)]
DURATION = {"type": "string", "pattern": "^[0-9]{1,9}[smhd]$", "examples": ["15m"]}
Duration = Annotated[str, AfterValidator(_duration), WithJsonSchema(DURATION)]


class CreateRole(Schema):
    """A new role."""

    name: RoleName
    description: Annotated[str, Field(max_length=200)] = ""
    permissions: Annotated[list[PermissionName], Field(max_length=500)] = []


class UpdateRole(Schema):
    """What changes; permissions are replaced as a whole."""

    description: Annotated[str, Field(max_length=200)] | None = None
    permissions: Annotated[list[PermissionName], Field(max_length=500)] | None = None


class AssignRole(Schema):
    """A role to give."""

    role: RoleName


class ReplaceRoles(Schema):
    """All the roles a user shall hold."""

    roles: Annotated[list[RoleName], Field(max_length=50)]


class GrantPermission(Schema):
    """A permission for one user; without an end it lasts until taken back (R-109)."""

    model_config = ConfigDict(json_schema_extra={"example": {"permission": "products:create", "expiresIn": "7d"}})

    permission: PermissionName
    expires_at: Moment | None = None
    expires_in: Duration | None = None

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if self.expires_at is not None and self.expires_in is not None:
            raise PydanticCustomError("two_ends", "Send expiresAt or expiresIn, not both")
        if self.expires_at is not None and self.expires_at <= clock.now():
            raise PydanticCustomError("in_the_past", "The end of a grant lies in the future")
        return self

    @property
    def lasting(self) -> timedelta | None:
        """The duration, if one was sent."""
        return None if self.expires_in is None else parse_duration(self.expires_in)


class RoleInFile(Schema):
    """A role as a reviewed file has it, below its name; without a description it keeps the one it has."""

    description: Annotated[str, Field(max_length=200)] | None = None
    permissions: Annotated[list[PermissionName], Field(max_length=500)]


class RolesFile(Schema):
    """A reviewed file of roles."""

    roles: dict[RoleName, RoleInFile]


class RoleQuery(ListQuery):
    """Which roles, in which order."""

    sort: Literal["name", "-name", "createdAt", "-createdAt"] | None = None


class PermissionQuery(ListQuery):
    """Which page of the permissions; they are sorted by name."""

    sort: Literal["name"] | None = None
    cursor: None = None


class GrantQuery(ListQuery):
    """Which grants, in which order."""

    sort: Literal["permission", "-permission", "createdAt", "-createdAt"] | None = None


class ExplanationQuery(Schema):
    """Who is asked about (oneself without `userId`), what, and perhaps which thing, such as `order:<id>`."""

    permission: PermissionName
    user_id: UUID | None = None
    resource: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,50}:[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$")] | None = None

    @property
    def thing(self) -> tuple[str, UUID] | None:
        """The kind and the id in `resource`."""
        if self.resource is None:
            return None
        kind, _, id = self.resource.partition(":")
        return kind, UUID(id)

    @field_validator("resource")
    @classmethod
    def _an_id_is_there(cls, typed: str | None) -> str | None:
        if typed is not None:
            try:
                UUID(typed.partition(":")[2])
            except ValueError:
                raise PydanticCustomError("id_invalid", "A resource is a kind, a colon, and an id") from None
        return typed


class RoleOut(Out):
    """A role and what it holds."""

    id: UUID
    name: str
    description: str
    is_built_in: bool
    permissions: list[str]
    created_at: datetime
    updated_at: datetime
    version: int = Field(exclude=True)  # part of the ETag, not of the body

    @classmethod
    def of(cls, found: RoleWithPermissions) -> Self:
        """The answer for a role."""
        role = found.role
        return cls(
            id=role.id,
            name=role.name,
            description=role.description,
            is_built_in=role.is_built_in,
            permissions=list(found.permissions),
            created_at=role.created_at,
            updated_at=role.updated_at,
            version=role.version,
        )


class PermissionOut(Out):
    """A permission that a module declares."""

    name: str
    description: str

    @classmethod
    def of(cls, permission: Permission) -> Self:
        """The answer for a permission."""
        return cls(name=str(permission), description=permission.description)


class UserRolesOut(Out):
    """The roles of a user."""

    user_id: UUID
    roles: list[str]


class GrantOut(Out):
    """A permission of one user."""

    user_id: UUID
    permission: str
    expires_at: datetime | None
    created_at: datetime
    granted_by: UUID | None


class ReasonOut(Out):
    """What gives the permission: a role or a grant, since when, by whom (null: from the command line), and when it ends."""

    kind: Literal["role", "grant"]
    name: str
    since: datetime
    given_by: UUID | None
    ends_at: datetime | None


class ExplanationOut(Out):
    """Why somebody may or may not do something, as of now; `words` say it for people.

    `endsAt` is when it ends of itself, `endedAt` when a grant of it did. `isOwn` tells whether the `resource` asked for is his.
    """

    user_id: UUID
    permission: str
    allowed: bool
    rule: Rule
    reasons: list[ReasonOut]
    ends_at: datetime | None
    ended_at: datetime | None
    held_by: list[str]
    is_own: bool | None
    words: list[str]

    @classmethod
    def of(cls, found: Explanation) -> Self:
        """The answer for an explanation."""
        return cls.model_validate(found)
