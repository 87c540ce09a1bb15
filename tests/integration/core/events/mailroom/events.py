"""Facts of a mailroom."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from mainspring.core.events import AuditedFact, Event


@dataclass(frozen=True, slots=True)
class BoxEvent(Event, resource="box", about="box"):
    """Something happened to a box; each is numbered by whoever tells it."""

    box: str
    number: int


class LetterPosted(BoxEvent):
    """A letter is in the box."""


class BoxEmptied(BoxEvent):
    """Somebody took the letters."""


@dataclass(frozen=True, slots=True)
class ParcelWeighed(Event, resource="parcel", about="parcel_id", version=2):
    """A parcel was put on the scales; version 1 told ounces."""

    parcel_id: UUID
    grams: int
    at: datetime | None = None

    @classmethod
    def upgrade(cls, version: int, data: dict[str, Any]) -> dict[str, Any]:
        return {"parcel_id": data["parcel_id"], "grams": round(data["ounces"] * 28.35)}


@dataclass(frozen=True)
class KeyLent(AuditedFact, resource="key", about="key_id", action="LEND"):
    """A key is lent; nobody listens to it."""

    key_id: UUID


@dataclass(frozen=True, slots=True)
class BellRang(Event):
    """About nothing in particular."""

    times: int
