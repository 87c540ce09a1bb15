"""Tells workers that rows became ready, directly after the commit that wrote them: those of this process, then the others."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from .. import clock
from ..database.errors import DatabaseUnavailable
from ..observability.logs import get_logger
from ..tasks import start
from .statements import OPEN_LANE

if TYPE_CHECKING:
    from ..database.database import Database
    from ..database.signals import Signals
    from ..database.unit_of_work import UnitOfWork
    from .book import Definition

log = get_logger(__name__)
CHANNEL = "mainspring_jobs"
GATHER_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Ring:
    """A row that was committed: `run_at` when it is not due yet, `lane` when it belongs to one.

    Without `job` some row of the queue is meant, or of any queue when that is `*`.
    """

    database: "Database"
    queue: str
    run_at: datetime | None = None
    lane: str | None = None
    job: UUID | None = None
    priority: int = 0


Listener = Callable[[Ring], bool]  # whether a worker of this process will take the row at once


class JobBell:
    """Calls every listener for each committed row, and tells other processes what nobody here takes at once."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._signals: dict[Database, Signals] = {}
        self._lanes: dict[Database, set[str]] = {}

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` from now on; the answer ends it. It must not raise."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def ring_after_commit(
        self,
        uow: "UnitOfWork",
        definition: "Definition",
        *,
        run_at: datetime | None = None,
        lane: str | None = None,
        job: UUID | None = None,
        priority: int = 0,
    ) -> None:
        """Ring once the unit has committed. A limited `job` is not named: whoever takes it must count."""
        named = None if definition.options.is_limited else job
        ring = Ring(uow.database, definition.options.queue, run_at, lane, named, priority)
        uow.after_commit(lambda: self.ring(ring))

    def ring(self, ring: Ring) -> None:
        """Tell those of this process, and others where it needs them."""
        taken = False
        for listener in self._listeners:
            taken = listener(ring) or taken
        if ring.lane is not None and ring.database.dialect == "postgresql":
            self._look_at_lane(ring.database, ring.lane)
        if not taken and ring.run_at is None:
            self.signals_of(ring.database).tell([ring.queue])

    def signals_of(self, database: "Database") -> "Signals":
        """The signals between the processes of one database."""
        found = self._signals.get(database)
        if found is None:
            found = self._signals[database] = database.signals(CHANNEL)
        return found

    async def stop(self) -> None:
        """Close what tells others."""
        for signals in self._signals.values():
            await signals.stop()
        self._signals.clear()

    def _look_at_lane(self, database: "Database", lane: str) -> None:
        """A row that went behind another one just as that one ended was seen by neither. So whoever adds looks once more.

        SQLite has one writer, so there it cannot happen.
        """
        lanes = self._lanes.setdefault(database, set())
        if not lanes:
            start(self._open_lanes(database), name="lanes are looked at")
        lanes.add(lane)

    async def _open_lanes(self, database: "Database") -> None:
        await asyncio.sleep(GATHER_SECONDS)
        lanes, self._lanes[database] = self._lanes[database], set()
        try:
            opened = await open_lanes(database, lanes)
        except DatabaseUnavailable:
            return  # the sweep looks at every lane
        if opened:
            self.signals_of(database).tell("*")
            for listener in self._listeners:
                listener(Ring(database, "*"))


async def open_lanes(database: "Database", lanes: Iterable[str]) -> int:
    """Let the first unfinished row of each lane be claimed; how many were not yet."""
    opened = 0
    async with database.unit() as uow:
        for lane in sorted(lanes):
            opened += await uow.run(OPEN_LANE, lane=lane, now=clock.now())
    return opened
