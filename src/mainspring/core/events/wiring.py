"""Events behind ports: who listens, and the broker that the settings choose."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..adapters import adapter
from ..jobs.book import JobBook
from ..resilience import Policy, guarded
from ..settings.events import BROKERS
from .catalogue import EventCatalogue
from .listening import EventListener
from .outbox import Outbox
from .ports import EventSender, EventSource, UnguardedSender
from .subscriptions import Subscriptions

if TYPE_CHECKING:
    from pydantic import SecretStr

    from ..application import Application

ADAPTERS = {
    "rabbitmq": "rabbitmq.events:RabbitmqEvents",
    "nats": "nats.events:NatsEvents",
    "redis": "redis.events:RedisEvents",
    "kafka": "kafka.events:KafkaEvents",
}
POLICY = Policy("events", idempotent=frozenset({"send"}), longest_open=timedelta(seconds=15))


def register_events(application: "Application") -> None:
    """Register what is known of events; each is made at its first use."""
    events, singleton = application.settings.events, application.ports.singleton
    singleton(EventCatalogue, lambda: EventCatalogue.of(application.modules))
    singleton(Subscriptions, lambda: _subscriptions(application))
    singleton(Outbox, lambda: Outbox(application.resolve(EventCatalogue), application.resolve(Subscriptions)))
    singleton(EventListener, lambda: EventListener(application))
    if events.relay is not None:
        singleton(UnguardedSender, lambda: _broker(application, events.relay, events.relay_to))
        singleton(EventSender, guarded(lambda: application.resolve(UnguardedSender), POLICY))
    if events.source is not None:
        singleton(EventSource, lambda: _broker(application, events.source, events.source_from))


async def stop_events(application: "Application") -> None:
    """Let go of brokers."""
    made = application.ports.made
    if listener := made(EventListener):
        await listener.stop()
    if sender := made(UnguardedSender):
        await sender.close()


def _subscriptions(application: "Application") -> Subscriptions:
    catalogue, events = application.resolve(EventCatalogue), application.settings.events
    found = Subscriptions(catalogue, application.resolve(JobBook))
    found.read(application.modules)
    if events.relay is not None:
        from .relay import subscribe_relay

        subscribe_relay(found, catalogue, events.relay_events)
        application.resolve(UnguardedSender)  # a library that is not installed is told now
    return found


def _broker(application: "Application", address: "SecretStr | None", place: str) -> Any:  # Any: a sender or a source
    assert address is not None, "only registered with an address"  # noqa: S101
    url = address.get_secret_value()
    make = adapter(ADAPTERS[BROKERS[urlsplit(url).scheme]], extra="broker")
    return make(url, place=place, group=application.settings.service_name)
