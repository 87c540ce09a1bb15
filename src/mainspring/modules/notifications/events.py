"""Facts of notifications."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from mainspring.core.events import Event


@dataclass(frozen=True)
class NotificationCreated(Event, resource="notification"):
    """A user was told something in the application."""

    channel: ClassVar[str] = "notifications.{user_id}"

    id: UUID
    user_id: UUID
    kind: str
    title: str
