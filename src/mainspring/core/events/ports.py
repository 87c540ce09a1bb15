"""What events need of a broker. The adapters answer it, chosen by EVENTS__RELAY and EVENTS__SOURCE."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event on its way out: the `body` that `cloud.written` made. Events with the same `key` must stay in order."""

    id: str
    name: str
    key: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message on its way in, with what the broker knows of it: for messages that are not CloudEvents."""

    body: bytes
    source: str
    id: str | None = None
    name: str | None = None


Take = Callable[[Arrived], Awaitable[None]]


class EventSender(Protocol):
    """Sends events to other programs, at least once."""

    async def send(self, event: Outgoing) -> None:
        """Return when the broker has confirmed that it keeps the event. Raises what the broker's client raises."""

    async def close(self) -> None:
        """Let go of the connection."""


class UnguardedSender(EventSender, Protocol):
    """The sender itself, which `EventSender` guards (core/resilience); whoever closes things asks for it."""


class EventSource(Protocol):
    """Hears events of other programs, each at least once and in the broker's order."""

    async def listen(self, names: Sequence[str], take: Take) -> None:
        """Hand over one message after another until cancelled; what `take` returned from is acknowledged, nothing else is."""
