"""What follows when an attempt has ended: observers are told, the next of its lane runs, a place of its key is free."""

from typing import TYPE_CHECKING
from uuid import UUID

from .. import clock
from ..database.errors import DatabaseUnavailable
from ..observability.logs import get_logger
from .attempts import LOST, Attempt, ChildDied
from .bell import JobBell, Ring, open_lanes
from .book import Definition, JobBook
from .claiming import LaneClaims
from .control import Snooze
from .limits import release_key
from .models import CANCELLED, DEAD, DONE, FINISHED, READY
from .observers import Ended, How, JobObservers
from .outcomes import Outcome
from .rows import ClaimedJob

if TYPE_CHECKING:
    from ..application import Application
    from ..database import Database
    from .sweeping import Orphan

log = get_logger(__name__)


class Ends:
    """Follows up the ends of attempts, here and of processes that died."""

    def __init__(self, application: "Application") -> None:
        self.book = application.resolve(JobBook)
        self.bell = application.resolve(JobBell)
        self.observers = application.resolve(JobObservers)
        self.is_draining = False
        self.died: list[BaseException] | None = None  # what jobs died of, for whoever asks
        self._lanes = LaneClaims(self.book)

    async def after(self, database: "Database", worker: UUID | None, attempt: Attempt, outcome: Outcome) -> ClaimedJob | None:
        """Follow it up; the answer is the next row of the lane, claimed for us."""
        self._tell(attempt, outcome)
        if self.died is not None and outcome.state == DEAD and outcome.error is not None:
            self.died.append(outcome.error)
        if outcome.state == LOST:
            return None
        claimed, definition = attempt.claimed, attempt.definition
        following: ClaimedJob | None = None
        try:
            if claimed.concurrency_key is not None:
                await self._release(database, definition, claimed.concurrency_key)
            if claimed.lane is not None and outcome.state in FINISHED:
                if worker is not None and not self.is_draining:
                    async with database.unit() as uow:
                        following = await self._lanes.next(uow, worker, claimed.lane)
                if following is None and await open_lanes(database, [claimed.lane]):
                    self.bell.ring(Ring(database, claimed.queue))
        except DatabaseUnavailable:
            log.warn("lane_left_to_the_sweep", jobId=claimed.id)
        if outcome.state not in FINISHED:
            self.bell.ring(Ring(database, claimed.queue, None if outcome.state == READY else outcome.run_at))
        return following

    async def after_crash(self, database: "Database", orphan: "Orphan") -> None:
        """Follow up a row that a dead process had."""
        claimed, definition = orphan.claimed, self.book.find(orphan.claimed.name)
        self.observers.tell(Ended(claimed.id, claimed.name, claimed.queue, "crashed", 0.0, 0.0))
        if definition is not None and claimed.concurrency_key is not None:
            await self._release(database, definition, claimed.concurrency_key)
        if claimed.lane is not None and orphan.state == DEAD:
            await open_lanes(database, [claimed.lane])
        self.bell.ring(Ring(database, claimed.queue))

    async def _release(self, database: "Database", definition: Definition, key: str) -> None:
        async with database.unit() as uow:
            released = await release_key(uow, definition, key)
        if released:
            self.bell.ring(Ring(database, definition.options.queue))

    def _tell(self, attempt: Attempt, outcome: Outcome) -> None:
        how = _how(outcome)
        if how is None:
            return
        claimed, seconds = attempt.claimed, clock.monotonic() - attempt.began
        waited = max(0.0, (clock.now() - claimed.run_at).total_seconds() - seconds)
        self.observers.tell(Ended(claimed.id, claimed.name, claimed.queue, how, seconds, waited))


def _how(outcome: Outcome) -> How | None:
    if isinstance(outcome.error, ChildDied):
        return "crashed"
    named: dict[str, How] = {DONE: "done", DEAD: "dead", CANCELLED: "cancelled"}
    if outcome.state in named:
        return named[outcome.state]
    if outcome.state == LOST or outcome.error is None or not isinstance(outcome.error, Exception):
        return None  # not ours any more, or given back
    return "snoozed" if isinstance(outcome.error, Snooze) else "failed"
