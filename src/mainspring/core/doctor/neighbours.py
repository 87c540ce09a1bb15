"""Servers that are configured, and whether anybody listens there: Redis, brokers, the mail server."""

import asyncio
from collections.abc import Iterator
from urllib.parse import urlsplit

from pydantic import SecretStr

from ..mail.server import mail_server
from ..settings import Settings
from .finding import Finding
from .patient import Patient

SECONDS = 3.0
PORTS = {
    "redis": 6379,
    "rediss": 6379,
    "rabbitmq": 5672,
    "amqp": 5672,
    "amqps": 5671,
    "nats": 4222,
    "tls": 4222,
    "kafka": 9092,
}


async def about_neighbours(patient: Patient) -> list[Finding]:
    """One finding for each setting whose server does not take a connection."""
    found = []
    for name, addresses in _configured(patient.settings):
        if not any(await asyncio.gather(*(_listens(host, port) for host, port in addresses))):
            where = ", ".join(f"{host}:{port}" for host, port in addresses)
            found.append(Finding(f"Nobody listens at {where}, which {name} names.", f"Start it, or correct {name}."))
    return found


def _configured(settings: Settings) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    urls = {
        "REDIS_URL": settings.redis_url,
        "JOBS__TRANSPORT_URL": _text(settings.jobs.transport_url),
        "EVENTS__RELAY": _text(settings.events.relay),
        "EVENTS__SOURCE": _text(settings.events.source),
    }
    for name, url in urls.items():
        if url and urlsplit(url).scheme in PORTS:
            yield name, addresses_of(url)
    server = mail_server(settings)
    if server is not None:
        yield "SMTP_URL" if settings.smtp_url else "EMAIL_HOST", [(server.host, server.port)]


def addresses_of(url: str) -> list[tuple[str, int]]:
    """Hosts and ports of a URL, which may name several with commas between."""
    parts = urlsplit(url)
    places = parts.netloc.rpartition("@")[2].split(",")
    found = []
    for place in places:
        one = urlsplit(f"//{place}")
        found.append((one.hostname or "localhost", one.port or PORTS[parts.scheme]))
    return found


def _text(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


async def _listens(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(SECONDS):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.transport.abort()
    return True
