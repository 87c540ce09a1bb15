"""What clients send and receive about API keys."""

import unicodedata
from datetime import datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from mainspring.core import clock
from mainspring.core.http import ListQuery, Moment, Out, Schema
from mainspring.core.security import key_text
from mainspring.core.settings.durations import parse_duration
from mainspring.modules.access.schemas import DURATION, PermissionName, RoleName

from .rows import KeyRow, ShownKey

MOST_PER_MINUTE = 1_000_000


def _printable(typed: str) -> str:
    if any(unicodedata.category(sign)[0] == "C" for sign in typed):
        raise PydanticCustomError("name_invalid", "A name may hold printable characters only")
    return typed


def _duration(typed: str) -> str:
    try:
        parse_duration(typed)
    except ValueError:
        raise PydanticCustomError("duration_invalid", "A duration is a number and s, m, h or d, such as 24h") from None
    return typed


def _life(typed: str) -> str:
    if parse_duration(_duration(typed)) <= timedelta(0):
        raise PydanticCustomError("duration_out_of_range", "A key lives for a second at least")
    return typed


KeyName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(_printable)]
Duration = Annotated[str, AfterValidator(_duration), WithJsonSchema(DURATION)]
Life = Annotated[str, AfterValidator(_life), WithJsonSchema(DURATION)]


class CreateKey(Schema):
    """A new key: of oneself, or of the service account `userId`. Without an end it lives for the usual time."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "Nightly export", "scopes": ["orders:read"], "expiresIn": "90d"}}
    )

    name: KeyName
    scopes: Annotated[list[PermissionName], Field(max_length=500)] = []
    user_id: UUID | None = None
    expires_in: Life | None = None
    expires_at: Moment | None = None
    requests_per_minute: Annotated[int, Field(ge=1, le=MOST_PER_MINUTE)] | None = None

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if self.expires_at is not None and self.expires_in is not None:
            raise PydanticCustomError("two_ends", "Send expiresAt or expiresIn, not both")
        if self.expires_at is not None and self.expires_at <= clock.now() + timedelta(seconds=1):
            raise PydanticCustomError("in_the_past", "The end of a key lies in the future")
        return self

    @property
    def lifetime(self) -> timedelta | None:
        """How long it shall live, if that was said."""
        if self.expires_at is not None:
            return self.expires_at - clock.now()
        return None if self.expires_in is None else parse_duration(self.expires_in)


class RotateKey(Schema):
    """How long the old secret still works; without it, as long as API_KEYS__OVERLAP says."""

    model_config = ConfigDict(json_schema_extra={"example": {"overlap": "24h"}})

    overlap: Duration | None = None


class CreateServiceAccount(Schema):
    """A new service account; without roles it may do nothing yet."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Billing export", "roles": []}})

    name: KeyName
    roles: Annotated[list[RoleName], Field(max_length=50)] = []


class KeyQuery(ListQuery):
    """Which keys, in which order: one's own, or those of `userId`."""

    sort: Literal["createdAt", "-createdAt", "expiresAt", "-expiresAt", "name", "-name"] | None = None
    user_id: UUID | None = None


class ServiceAccountQuery(ListQuery):
    """Which page of the service accounts, in which order."""

    sort: Literal["createdAt", "-createdAt", "name", "-name"] | None = None


class KeyOut(Out):
    """A key, as far as it may be shown: `prefix` is how the text begins. `oldSecretUntil` is there while a rotation overlaps."""

    id: UUID
    user_id: UUID
    name: str
    prefix: str
    scopes: list[str]
    requests_per_minute: int | None
    status: Literal["active", "expired"]
    created_at: datetime
    created_by: UUID | None
    expires_at: datetime
    rotated_at: datetime | None
    old_secret_until: datetime | None
    last_used_at: datetime | None
    version: int = Field(exclude=True)  # part of the ETag, not of the body

    @classmethod
    def of(cls, row: KeyRow) -> Self:
        """The answer for a key."""
        return cls.model_validate(_shown(row))


class ShownKeyOut(KeyOut):
    """A key with the text that opens it. It is shown this once and stored nowhere."""

    key: str

    @classmethod
    def with_text(cls, shown: ShownKey) -> Self:
        """The answer for a key just made or rotated."""
        return cls.model_validate({**_shown(shown.row), "key": shown.text})


def _shown(row: KeyRow) -> dict[str, object]:
    now = clock.now()
    return {
        "id": row.id,
        "user_id": row.user_id,
        "name": row.name,
        "prefix": key_text.beginning(row.id, live=row.is_live),
        "scopes": row.scopes,
        "requests_per_minute": row.per_minute,
        "status": "active" if row.expires_at > now else "expired",
        "created_at": row.created_at,
        "created_by": row.created_by,
        "expires_at": row.expires_at,
        "rotated_at": row.rotated_at,
        "old_secret_until": row.previous_until if row.previous_until and row.previous_until > now else None,
        "last_used_at": row.last_used_at,
        "version": row.version,
    }
