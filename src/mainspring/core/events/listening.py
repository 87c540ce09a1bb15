"""Hears from the broker what other programs tell. One process at a time listens, so that the broker's order is kept."""

import asyncio
import random
from typing import TYPE_CHECKING

from ..locks import Duty, Lease
from ..observability.logs import get_logger
from .catalogue import EventCatalogue
from .ports import Arrived, EventSource
from .receiving import Receiver
from .subscriptions import Subscriptions

if TYPE_CHECKING:
    from ..application import Application

log = get_logger(__name__)
LEASE = "events source"
LONGEST_PAUSE_SECONDS = 15.0


class EventListener:
    """Runs beside the workers of jobs."""

    def __init__(self, application: "Application") -> None:
        self._application = application
        self._receiver = Receiver(application)
        self._duty = Duty(Lease(application.database, LEASE), self._listen)
        heard = application.resolve(Subscriptions).listeners
        self.names = [name for name, kind in application.resolve(EventCatalogue).outside.items() if kind in heard]

    async def start(self) -> None:
        """Listen from now on, as soon as no other process does; nothing without a source or a subscriber. Raises BootRefused."""
        if not self.names:
            return
        if self._application.settings.events.source is None:
            log.warn("events_have_no_source", events=", ".join(self.names), advice="Set EVENTS__SOURCE to hear them.")
            return
        self._application.resolve(EventSource)  # a library that is not installed is told now
        self._duty.start()

    async def stop(self) -> None:
        """Listen no more; what was handed over is finished or comes again."""
        await self._duty.stop()

    async def _listen(self) -> None:
        failures = 0
        while True:
            try:
                await self._application.resolve(EventSource).listen(self.names, self._take)
            except Exception as error:
                failures += 1
                log.warn("events_source_lost", reason=f"{type(error).__name__}: {error}")
                await asyncio.sleep(_pause(failures))

    async def _take(self, arrived: Arrived) -> None:
        failures = 0
        while True:
            try:
                await self._receiver.take(arrived)
                return
            except Exception as error:  # whatever it is, the message must not be lost: it is tried until it is taken
                failures += 1
                log.error("event_not_taken", error=error, source=arrived.source, eventId=arrived.id)
                await asyncio.sleep(_pause(failures))


def _pause(failures: int) -> float:
    return random.uniform(0.1, min(0.25 * 2.0 ** min(failures, 10), LONGEST_PAUSE_SECONDS))  # noqa: S311  no secret
