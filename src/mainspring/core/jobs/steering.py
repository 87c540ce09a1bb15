"""What people do with jobs: run dead ones again, and cancel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import case, exists, null, or_, select

from .. import clock
from ..database.errors import DuplicateValue
from ..database.statement import Statement, bind, update_of
from .bell import JobBell, Ring
from .book import JobBook
from .engine import JobEngine
from .enqueueing import track_of
from .models import BLOCKED, CANCELLED, DEAD, READY, RUNNING, UNFINISHED, Job
from .statements import OPEN_LANE

if TYPE_CHECKING:
    from ..database.unit_of_work import UnitOfWork

LOOKS = 2  # an attempt may fail between the two questions, and the job waits again
KEPT = timedelta(days=7)  # the history of a job that no module knows


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands."""

    name: str
    queue: str
    track: str
    lane: str | None


_other = Job.__table__.alias("unfinished")
_IS_THIS = Job.id == bind("id", Job.id)
_PLACE = tuple(getattr(Job, name) for name in Place.__dataclass_fields__)
_BEHIND = exists(select(1).select_from(_other).where(_other.c.lane == Job.lane, _other.c.finished_at.is_(None)))

DEAD_ONE = Statement(select(*_PLACE).where(_IS_THIS, Job.state == DEAD), Place)
REVIVE: Statement[None] = Statement(
    update_of(Job)
    .where(_IS_THIS, Job.state == DEAD)
    .values(
        state=case((_BEHIND, BLOCKED), else_=READY),
        track=bind("track", Job.track),
        run_at=bind("now", Job.run_at),
        token=Job.token + 1,
        failures=0,
        crashes=0,
        cancel_requested=False,
        progress=null(),
        finished_at=null(),
        expires_at=null(),
    )
)
CANCEL_RESTING = Statement(
    update_of(Job)
    .where(_IS_THIS, or_(*(Job.state == state for state in UNFINISHED if state != RUNNING)))
    .values(state=CANCELLED, finished_at=bind("now", Job.finished_at), expires_at=bind("expires_at", Job.expires_at))
    .returning(*_PLACE),
    Place,
)
NAME_OF = Statement(select(Job.name).where(_IS_THIS), str)
CANCEL_RUNNING: Statement[None] = Statement(update_of(Job).where(_IS_THIS, Job.state == RUNNING).values(cancel_requested=True))


async def replay(uow: "UnitOfWork", ids: Sequence[UUID]) -> int:
    """Run dead jobs again, with all their attempts; how many of them.

    The others are not dead, or the same work (by its dedup key) is waiting already. One that stood in a lane goes on there as
    soon as nothing of the lane runs, in front of what came after it.
    """
    book, bell, count = uow.port(JobBook), uow.port(JobBell), 0
    for id in ids:
        place = await uow.one(DEAD_ONE, id=id)
        if place is None:
            continue
        definition = book.find(place.name)
        track = place.track if definition is None else track_of(definition.options)
        try:
            async with uow.savepoint():  # the unique index knows of a twin that another unit is about to commit
                revived = await uow.run(REVIVE, id=id, track=track, now=clock.now())
        except DuplicateValue:
            continue
        if revived:
            count += 1
            _ring(uow, bell, place)
    return count


async def cancel(uow: "UnitOfWork", id: UUID) -> bool:
    """Cancel a job; False when it has ended or is not there.

    One that waits is cancelled at once. One that runs is asked to stop: here directly after the commit, elsewhere with the next
    heartbeat, within seconds.
    """
    name = await uow.value(NAME_OF, id=id)
    if name is None:
        return False
    definition, now = uow.port(JobBook).find(name), clock.now()
    kept = definition.options.history if definition else KEPT
    for _ in range(LOOKS):
        place = await uow.one(CANCEL_RESTING, id=id, now=now, expires_at=now + kept)
        if place is not None:
            if place.lane is not None:
                await uow.run(OPEN_LANE, lane=place.lane, now=now)
                _ring(uow, uow.port(JobBell), place)
            return True
        if await uow.run(CANCEL_RUNNING, id=id):
            uow.after_commit(partial(uow.port(JobEngine).cancel, id))
            return True
    return False


def _ring(uow: "UnitOfWork", bell: JobBell, place: Place) -> None:
    ring = Ring(uow.database, place.queue, lane=place.lane)
    uow.after_commit(lambda: bell.ring(ring))
