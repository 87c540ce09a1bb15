"""Chosen events go on to other programs, through a job each: at least once, in the order of each aggregate, with stable ids."""

from collections.abc import Iterable
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ..application import Application
from ..jobs.book import Definition
from ..jobs.control import Backoff
from ..jobs.declaring import Options
from ..jobs.signatures import signature_of
from ..module import BootRefused
from . import cloud
from .catalogue import EventCatalogue
from .delivery import Delivery
from .event import Event
from .ports import EventSender, Outgoing

if TYPE_CHECKING:
    from .subscriptions import Subscriptions

NAME = "events.relay"
# An event is never given up: those behind it would overtake it.
OPTIONS = Options(
    queue="relay",
    attempts=1_000_000_000,
    timeout=timedelta(minutes=1),
    backoff=Backoff(first=timedelta(milliseconds=500), longest=timedelta(seconds=30)),
    history=timedelta(days=1),
)


async def relay(application: Application, delivery: Delivery) -> None:
    """Send one event and wait until the broker has confirmed it."""
    body = cloud.written(delivery, application.settings.service_name)
    await application.resolve(EventSender).send(Outgoing(str(delivery.id), delivery.name, delivery.about, body))


def subscribe_relay(subscriptions: "Subscriptions", catalogue: EventCatalogue, patterns: Iterable[str]) -> None:
    """Have the events forwarded that the patterns name; what was heard from outside stays here.

    Raises BootRefused for a pattern that names none.
    """
    chosen: dict[type[Event], None] = {}
    for pattern in patterns:
        found = [kind for name, kind in catalogue if fnmatchcase(name, pattern) and not kind.outside]
        if not found:
            raise BootRefused(f"EVENTS__RELAY_EVENTS names {pattern}, and there is no such event.")
        chosen |= dict.fromkeys(found)
    definition = Definition(
        NAME, relay, OPTIONS, signature_of(relay, NAME, given=[Delivery]), None, given={Delivery: Delivery.of}
    )
    subscriptions.add(definition, chosen)
