"""Bodies and answers of notifications, and the order of the mail job."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from mainspring.core.http import ListQuery, Out, Schema

KindName = Annotated[str, StringConstraints(min_length=1, max_length=100)]


@dataclass(frozen=True, slots=True)
class SendEmail:
    """The order to send one mail (R-265). `values` are plain JSON; `name` stands before the address."""

    to: str
    template: str
    values: dict[str, Any]
    name: str = ""


class NotificationQuery(ListQuery):
    """Which of one's own notifications."""

    sort: Literal["createdAt", "-createdAt"] | None = None
    unread: bool | None = Field(default=None, description="Only those not read yet, or only those that were.")
    kind: KindName | None = None


class ChangePreference(Schema):
    """What one wishes for a kind; what is absent stays."""

    kind: KindName
    in_app: bool | None = None
    mail: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "ChangePreference":
        if self.in_app is None and self.mail is None:
            raise PydanticCustomError("nothing_wished", "Say inApp, mail or both")
        return self


class ChangePreferences(Schema):
    """Wishes for several kinds at once."""

    preferences: list[ChangePreference] = Field(min_length=1, max_length=100)


class NotificationOut(Out):
    """One notification. `data` holds what a client needs to lead on, such as the id of an order."""

    id: UUID
    kind: str
    title: str
    body: str
    data: dict[str, Any]
    read_at: datetime | None
    created_at: datetime


class UnreadOut(Out):
    """How many are not read yet."""

    unread: int


class ReadOut(Out):
    """How many were marked as read."""

    read: int


class PreferenceOut(Out):
    """How a kind reaches the user. `fixed` names the channels that cannot be switched off."""

    kind: str
    text: str
    in_app: bool
    mail: bool
    fixed: list[str]


class PreferencesOut(Out):
    """Every kind, by name."""

    preferences: list[PreferenceOut]
