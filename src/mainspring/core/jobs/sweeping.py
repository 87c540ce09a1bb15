"""Finds processes that ended or stopped with jobs in their hands, and gives the jobs back.

Nobody's clock is believed: a process is silent when its beat has not changed for the length of a lease on the clock of the one
who looks. One of the same machine whose lock the kernel has freed is dead at once.
"""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import delete, exists, select

from .. import clock
from ..database.statement import Statement, bind
from ..observability.logs import get_logger
from .book import JobBook
from .models import RUNNING, Job, Worker
from .outcomes import MOST_ORPHANED, crashed
from .presence import forget, host, is_dead
from .rows import ClaimedJob
from .statements import CLAIMED, SETTLE

if TYPE_CHECKING:
    from ..database import Database, UnitOfWork

log = get_logger(__name__)
LEASE_SECONDS = 15.0
SILENT_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """A worker that the table names as running something; without a beat its row is gone."""

    worker: UUID | None
    host: str | None
    beat: int | None


@dataclass(frozen=True, slots=True)
class Orphan:
    """A row that was given back, and what became of it."""

    claimed: ClaimedJob
    state: str
    error: str


BUSY = Statement(
    select(Job.worker.label("worker"), Worker.host, Worker.beat)
    .select_from(Job.__table__.outerjoin(Worker.__table__, Worker.id == Job.worker))
    .where(Job.state == RUNNING)
    .group_by(Job.worker, Worker.host, Worker.beat),
    Seen,
)
REMOVE: Statement[None] = Statement(
    delete(Worker).where(Worker.id == bind("id", Worker.id), Worker.beat == bind("beat", Worker.beat))
)
ORPHANS = Statement(
    select(*CLAIMED).where(Job.worker == bind("worker", Job.worker), Job.state == RUNNING).with_for_update(), ClaimedJob
)
FORGET_SILENT: Statement[None] = Statement(
    delete(Worker).where(
        Worker.seen_at < bind("before", Worker.seen_at),
        ~exists(select(1).where(Job.worker == Worker.id, Job.state == RUNNING)),
    )
)


class Sweeper:
    """Looks after the other processes of one database."""

    def __init__(self, database: "Database", book: JobBook, data_dir: Path) -> None:
        self.database, self.book, self.folder = database, book, data_dir / "runtime"
        self._since: dict[UUID, tuple[int, float]] = {}

    async def sweep(self, own: UUID | None) -> list[Orphan]:
        """Give back what dead processes ran; `own` is this process."""
        now, fresh, orphans = clock.monotonic(), {}, []
        for seen in await self.database.begin_reading().all(BUSY):
            if seen.worker is None or seen.worker == own:
                continue
            if seen.beat is None:
                orphans += await self._give_back(seen)
                continue
            beat, since = self._since.get(seen.worker, (0, now))
            if beat != seen.beat:
                since = now
            if now - since >= LEASE_SECONDS or (seen.host == host() and is_dead(self.folder, seen.worker)):
                orphans += await self._give_back(seen)
            else:
                fresh[seen.worker] = (seen.beat, since)
        self._since = fresh
        return orphans

    async def _give_back(self, seen: Seen) -> list[Orphan]:
        assert seen.worker is not None  # noqa: S101  asked above
        given: list[Orphan] = []
        async with self.database.unit() as uow:
            if seen.beat is not None and not await uow.run(REMOVE, id=seen.worker, beat=seen.beat):
                return []  # it lives, or somebody else was first
            for claimed in await uow.all(ORPHANS, worker=seen.worker):
                columns = crashed(claimed, self.book.find(claimed.name), MOST_ORPHANED)
                if await uow.run(SETTLE, **columns):
                    given.append(Orphan(claimed, columns["state"], columns["error"]))
        forget(self.folder, seen.worker)
        for orphan in given:
            one = orphan.claimed
            log.warn("job_orphaned", jobId=one.id, job=one.name, crashes=one.crashes + 1, state=orphan.state)
        return given


async def forget_silent(uow: "UnitOfWork") -> int:
    """Remove the rows of processes that ended without a word and run nothing; how many went."""
    return await uow.run(FORGET_SILENT, before=clock.now() - SILENT_FOR)
