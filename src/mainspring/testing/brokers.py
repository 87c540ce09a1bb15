"""RabbitMQ, NATS and Redis for tests: what TEST_RABBITMQ_URL and so on name, else the servers on loopback."""

import os
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

SECONDS = 3.0


class NoBroker(RuntimeError):
    """The server was not found; the message says what was tried."""


@dataclass(frozen=True, slots=True)
class Broker:
    """A kind of server: its name, the variable that gives its address, and where it is looked for otherwise."""

    name: str
    variable: str
    loopback: str


RABBITMQ = Broker("RabbitMQ", "TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672/")
NATS = Broker("NATS", "TEST_NATS_URL", "nats://127.0.0.1:4222")
REDIS = Broker("Redis", "TEST_REDIS_URL", "redis://127.0.0.1:6379")


def find_broker(broker: Broker) -> str:
    """Its address, once something listens there. Raises NoBroker."""
    url = os.environ.get(broker.variable) or broker.loopback
    where = urlsplit(url)
    try:
        socket.create_connection((where.hostname or "127.0.0.1", where.port or 0), timeout=SECONDS).close()
    except OSError as error:
        tried = f"{where.hostname}:{where.port} ({error.strerror or error})"
        raise NoBroker(f"{broker.name} was skipped: nothing listens at {tried}. Start it, or set {broker.variable}.") from None
    return url
