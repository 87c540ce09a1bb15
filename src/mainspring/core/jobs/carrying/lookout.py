"""Looks at the table for all workers, one process at a time: rows that are due, and rows whose tickets were lost.

A ticket may bring another row of its queue, so it is enough that there are as many tickets as ready rows.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import func, select

from ... import clock
from ...database.errors import DatabaseUnavailable, RunAgain
from ...database.statement import Statement, update_of
from ...observability.logs import get_logger
from ..models import READY, WAITING, Job
from ..statements import DUE
from .ports import JobCarrier, Ticket
from .posting import Poster

if TYPE_CHECKING:
    from ...database import Database

log = get_logger(__name__)
LOOK_SECONDS = 1.0
COUNT_SECONDS = 5.0
MOST_LOST = 50


@dataclass(frozen=True, slots=True)
class Promoted:
    """A row that is ready now."""

    id: UUID
    queue: str
    priority: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many rows of a queue are ready."""

    queue: str
    count: int


PROMOTE_AND_TELL = Statement(
    update_of(Job)
    .where(Job.id.in_(select(DUE.c.id)), Job.state == WAITING)
    .values(state=READY)
    .returning(Job.id, Job.queue, Job.priority),
    Promoted,
)
NEXT_DUE = Statement(select(func.min(Job.run_at)).where(Job.state == WAITING), datetime)
BACKLOG = Statement(
    select(Job.queue, func.count().label("count")).where(Job.state == READY).group_by(Job.queue), Backlog, slow=True
)


class Lookout:
    """Runs in the one process that holds the lease."""

    def __init__(self, databases: Mapping[str, "Database"], carrier: JobCarrier, poster: Poster) -> None:
        self._databases, self._carrier, self._poster = dict(databases), carrier, poster
        self._missing: dict[str, int] = {}
        self._count_at = clock.monotonic() + COUNT_SECONDS

    async def run(self) -> None:
        """Look until it is cancelled."""
        while True:
            pause = LOOK_SECONDS
            for name, database in self._databases.items():
                try:
                    pause = min(pause, await self.promote(name, database))
                except (DatabaseUnavailable, RunAgain) as error:
                    log.warn("jobs_not_promoted", reason=type(error).__name__)
                except Exception:  # whatever it is, somebody must look again
                    log.exception("jobs_not_promoted")
            if clock.monotonic() >= self._count_at:
                self._count_at = clock.monotonic() + COUNT_SECONDS
                try:
                    await self.replace_lost()
                except Exception as error:  # the database or the broker is away; the next look comes
                    log.warn("jobs_not_counted", reason=f"{type(error).__name__}: {error}")
            await asyncio.sleep(pause)

    async def promote(self, name: str, database: "Database") -> float:
        """Make ready what is due, and send it; the seconds until the next look."""
        async with database.unit() as uow:
            rows = await uow.all(PROMOTE_AND_TELL, now=clock.now())
        self._poster.post(Ticket(row.queue, row.id, row.priority, name) for row in rows)
        due = await database.begin_reading().value(NEXT_DUE)
        return LOOK_SECONDS if due is None else min(LOOK_SECONDS, max(0.0, (due - clock.now()).total_seconds()))

    async def replace_lost(self) -> int:
        """Send tickets for ready rows that had none at this look and at the one before; how many."""
        ready: dict[str, Counter[str]] = {}
        for name, database in self._databases.items():
            for one in await database.begin_reading().all(BACKLOG):
                ready.setdefault(one.queue, Counter())[name] = one.count
        sent, before, self._missing = 0, self._missing, {}
        for queue, counts in ready.items():
            self._missing[queue] = max(0, counts.total() - await self._carrier.waiting(queue))
            lost = min(self._missing[queue], before.get(queue, 0), MOST_LOST)
            if lost:
                log.info("jobs_sent_again", queue=queue, count=lost)
                self._poster.post(Ticket(queue, database=name) for name, count in counts.items() for _ in range(min(count, lost)))
                sent += lost
        return sent
