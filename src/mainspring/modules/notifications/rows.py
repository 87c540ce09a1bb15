"""What the repository returns."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """One notification of its owner."""

    id: UUID
    kind: str
    title: str
    body: str
    data: dict[str, Any]
    read_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Wish:
    """What a user wishes for a kind on a channel."""

    kind: str
    channel: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class Preference:
    """How a kind reaches a user now. A fixed channel cannot be switched off."""

    kind: str
    text: str
    in_app: bool
    mail: bool
    fixed: tuple[str, ...]
