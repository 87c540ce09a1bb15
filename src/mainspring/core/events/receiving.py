"""From a broker's message to a fact of ours: published once, in the unit that remembers the message."""

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from ..context import Context
from ..jobs.control import GiveUp, Snooze
from ..observability.logs import get_logger
from .catalogue import EventCatalogue
from .cloud import Told, Unreadable, decoded, read
from .inbox import arrives_first
from .jobs import AcceptOutside
from .ports import Arrived

if TYPE_CHECKING:
    from ..application import Application

log = get_logger(__name__)


class Receiver:
    """Takes what an `EventSource` hands over. Facts that no module knows are passed over."""

    def __init__(self, application: "Application") -> None:
        self._application = application
        self._catalogue = application.resolve(EventCatalogue)

    async def take(self, arrived: Arrived) -> None:
        """Publish it, unless it was here before. What cannot be read becomes a dead job, which an operator sees and may retry.

        Raises DatabaseUnavailable; the message is then not acknowledged.
        """
        try:
            told = read(arrived.body, source=arrived.source, id=arrived.id, name=arrived.name)
        except Unreadable as problem:
            await self._set_aside(_nameless(arrived), str(problem), arrived.body.decode(errors="replace"))
            return
        if told.name not in self._catalogue.outside:
            log.debug("event_passed_over", event=told.name)
            return
        try:
            event = decoded(self._catalogue, told)
        except (GiveUp, Snooze) as problem:
            await self._set_aside(told, str(problem))
            return
        async with self._application.unit(_context(told)) as uow:
            if await arrives_first(uow, told.source, told.id, subject=told.name):
                uow.publish(event)

    async def _set_aside(self, told: Told, why: str, text: str | None = None) -> None:
        async with self._application.unit(_context(told)) as uow:
            if await arrives_first(uow, told.source, told.id, subject=told.name):
                uow.enqueue(AcceptOutside(told.source, told.id, told.name, told.version, told.data, text))
                log.warn("event_set_aside", event=told.name, source=told.source, eventId=told.id, reason=why)


def _nameless(arrived: Arrived) -> Told:
    id = arrived.id or blake2b(arrived.body, digest_size=16).hexdigest()
    nothing: dict[str, Any] = {}
    return Told(arrived.source, id, arrived.name or "", 1, nothing)


def _context(told: Told) -> Context:
    return Context(request_id=told.id[:128], method="EVENT", path=told.name)
