"""Each test here runs once with RabbitMQ, NATS and Redis, at a place of its own that is removed afterwards."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from mainspring.core.adapters import adapter
from mainspring.core.events.wiring import ADAPTERS
from mainspring.core.jobs.wiring import ADAPTERS as JOB_ADAPTERS
from tests.integration.brokers.places import REMOVE

BROKERS = ("rabbitmq", "nats", "redis")


@dataclass(frozen=True, slots=True)
class Place:
    """A broker's kind and address, and a name that only this test uses."""

    kind: str
    url: str
    name: str

    def events(self, url: str | None = None, group: str = "shop") -> Any:
        """The adapter for events at this place."""
        return adapter(ADAPTERS[self.kind], extra="broker")(url or self.url, place=self.name, group=group)

    def jobs(self, url: str | None = None) -> Any:
        """The adapter for jobs at this place."""
        return adapter(JOB_ADAPTERS[self.kind], extra="broker")(url or self.url, name=self.name)


@pytest.fixture(params=BROKERS)
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    url = request.getfixturevalue(f"{request.param}_url")
    place = Place(request.param, url, f"test.{secrets.token_hex(6)}")
    yield place
    await REMOVE[place.kind](url, place.name)
