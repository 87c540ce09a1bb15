"""`EVENTS__...`: what is told to other programs, and heard from them (R-290, R-294)."""

from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from .section import Section

BROKERS = {
    "rabbitmq": "rabbitmq",
    "amqp": "rabbitmq",
    "amqps": "rabbitmq",
    "nats": "nats",
    "tls": "nats",
    "redis": "redis",
    "rediss": "redis",
    "kafka": "kafka",
}


class EventSettings(Section):
    """Addresses are URLs of a broker: `rabbitmq://`, `amqps://`, `nats://`, `redis://` or `kafka://host:9092,host:9092`."""

    relay: SecretStr | None = Field(
        default=None, description="Broker that chosen events are forwarded to, such as rabbitmq://user:password@host:5672."
    )
    relay_events: tuple[str, ...] = Field(default=(), description="Events that are forwarded: orders.*,payments.PaymentFailed.")
    relay_to: str = Field(
        default="mainspring.events",
        min_length=1,
        max_length=200,
        pattern=r"^[A-Za-z0-9_.-]+$",
        description="Exchange, stream or topic that they are written to.",
    )
    source: SecretStr | None = Field(default=None, description="Broker that events of other programs are heard from.")
    source_from: str = Field(
        default="mainspring.events",
        min_length=1,
        max_length=200,
        pattern=r"^[A-Za-z0-9_.-]+$",
        description="Exchange, stream or topic that they are read from.",
    )


def about_events(events: EventSettings) -> list[str]:
    """One sentence for each value that cannot be meant."""
    problems = []
    for name, address in (("EVENTS__RELAY", events.relay), ("EVENTS__SOURCE", events.source)):
        if address is not None and urlsplit(address.get_secret_value()).scheme not in BROKERS:
            problems.append(f"{name} must start with rabbitmq://, nats://, redis:// or kafka://.")
    if events.relay is not None and not events.relay_events:
        problems.append("EVENTS__RELAY is set and EVENTS__RELAY_EVENTS names no event; write orders.* or * for all.")
    if events.relay is None and events.relay_events:
        problems.append("EVENTS__RELAY_EVENTS is set and EVENTS__RELAY is not.")
    return problems
