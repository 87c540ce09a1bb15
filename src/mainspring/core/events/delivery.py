"""One event on its way to one subscriber, and how it is written in the subscriber's row."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..jobs.control import Snooze
from .catalogue import EventCatalogue
from .event import Event

if TYPE_CHECKING:
    from ..jobs.rows import ClaimedJob
    from ..jobs.run import JobRun

UNTIL_THE_NEXT_RELEASE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is known about an event beside its fields; a subscriber may ask for it.

    `id` is the same for every subscriber and every attempt, also in other programs. `about` is what keeps events in order, and
    `at` is when it was published. `data` holds the fields as JSON, as `version` wrote them.
    """

    id: UUID
    name: str
    version: int
    at: datetime
    about: str | None
    data: dict[str, Any]

    @classmethod
    def of(cls, run: "JobRun", claimed: "ClaimedJob") -> "Delivery":
        """The one that a row holds."""
        held = claimed.payload
        moment = datetime.fromisoformat(held["at"])
        return cls(UUID(held["id"]), held["event"], claimed.payload_version, moment, held["about"], held["data"])

    def payload(self) -> dict[str, Any]:
        """What the row holds."""
        return {
            "event": self.name,
            "id": str(self.id),
            "at": self.at.isoformat(),
            "about": self.about,
            "data": self.data,
        }


class EventCoder:
    """Reads the rows of one subscriber, which may listen to several kinds."""

    def __init__(self, catalogue: EventCatalogue, listened: Iterable[type[Event]]) -> None:
        self._catalogue = catalogue
        self.version = max((kind.version for kind in listened), default=1)

    def encode(self, order: Event) -> dict[str, Any]:
        """The fields of the event; the outbox writes the rest beside them."""
        return self._catalogue.codec_of(type(order)).encode(order)

    def decode(self, data: dict[str, Any], version: int) -> Event:
        """The event in a row. Raises Snooze when a newer program wrote it, and GiveUp when it does not fit."""
        kind = self._catalogue.find(data["event"])
        if kind is None or version > kind.version:
            raise Snooze(UNTIL_THE_NEXT_RELEASE)
        event: Event = self._catalogue.codec_of(kind).decode(data["data"], version)
        return event
