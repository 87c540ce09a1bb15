"""The look around that every worker takes: dead processes, lanes and keys that nobody opened, rows on the wrong track."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, exists, select

from .. import clock
from ..database.errors import DatabaseUnavailable, RunAgain
from ..database.statement import Statement, any_of, bind, update_of
from ..observability.logs import get_logger
from .bell import JobBell, Ring, open_lanes
from .book import JobBook
from .limits import release_key
from .models import ALONE, BLOCKED, LIMITED, OPEN, READY, RUNNING, Job
from .sweeping import Sweeper

if TYPE_CHECKING:
    from ..application import Application
    from ..database import Database
    from .engine import JobEngine

log = get_logger(__name__)
SWEEP_SECONDS = 4.0
TIDY_SECONDS = 30.0
TRACK_SECONDS = 600.0
MOST = 1000


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a job."""

    name: str
    key: str


_other = Job.__table__.alias("other")
_LANES = select(Job.lane).where(Job.state == BLOCKED, Job.lane.is_not(None)).group_by(Job.lane).subquery("lanes")
_MOVING = exists(
    select(1).where(
        _other.c.lane == _LANES.c.lane, _other.c.lane.is_not(None), _other.c.finished_at.is_(None), _other.c.state != BLOCKED
    )
)
STUCK_LANES = Statement(select(_LANES.c.lane).where(~_MOVING).limit(MOST), str, slow=True)
_KEY_RUNS = exists(
    select(1).where(_other.c.state == RUNNING, _other.c.name == Job.name, _other.c.concurrency_key == Job.concurrency_key)
)
STUCK_KEYS = Statement(
    select(Job.name, Job.concurrency_key.label("key"))
    .where(Job.state == BLOCKED, Job.lane.is_(None), ~_KEY_RUNS)
    .group_by(Job.name, Job.concurrency_key)
    .limit(MOST),
    Key,
    slow=True,
)
MOVE_TRACK: Statement[None] = Statement(
    update_of(Job)
    .where(and_(Job.state == READY, Job.track == bind("before", Job.track), any_of(Job.name, "names")))
    .values(track=bind("after", Job.track)),
    slow=True,
)


class Watch:
    """Runs for as long as the worker does."""

    def __init__(self, application: "Application", engine: "JobEngine") -> None:
        self.book, self.bell, self.engine = application.resolve(JobBook), application.resolve(JobBell), engine
        self.sweepers = [
            Sweeper(database, self.book, application.settings.data_dir) for database in application.databases.values()
        ]
        self._tidy_at = self._track_at = clock.monotonic()

    async def run(self) -> None:
        """Look around every few seconds, for the first time now."""
        while True:
            now = clock.monotonic()
            tidy, track = now >= self._tidy_at, now >= self._track_at
            self._tidy_at = now + TIDY_SECONDS if tidy else self._tidy_at
            self._track_at = now + TRACK_SECONDS if track else self._track_at
            for sweeper in self.sweepers:
                try:
                    await self.look(sweeper, tidy=tidy, track=track)
                except (DatabaseUnavailable, RunAgain) as error:
                    log.warn("sweep_failed", reason=type(error).__name__)
                except Exception:  # whatever it is, somebody must look again
                    log.exception("sweep_failed")
            await asyncio.sleep(SWEEP_SECONDS)

    async def look(self, sweeper: Sweeper, *, tidy: bool = False, track: bool = False) -> None:
        """Look once at one database."""
        database = sweeper.database
        post = self.engine.posts.get(database)
        for orphan in await sweeper.sweep(post.presence.id if post else None):
            await self.engine.ends.after_crash(database, orphan)
        if track:
            await self._set_tracks(database)
        if tidy:
            await self._tidy(database)

    async def _tidy(self, database: "Database") -> None:
        reading = database.begin_reading()
        opened = await open_lanes(database, await reading.all(STUCK_LANES))
        for one in await reading.all(STUCK_KEYS):
            definition = self.book.find(one.name)
            if definition is not None:
                async with database.unit() as uow:
                    opened += await release_key(uow, definition, one.key)
        if opened:
            self.bell.ring(Ring(database, "*"))

    async def _set_tracks(self, database: "Database") -> None:
        """Rows that were enqueued before the code of their job got, or lost, a limit."""
        limited = [one.name for one in self.book if one.options.is_limited]
        free = [one.name for one in self.book if not one.options.is_limited]
        for names, before, after in ((limited, OPEN, LIMITED), (limited, ALONE, LIMITED), (free, LIMITED, OPEN)):
            if names:
                async with database.unit() as uow:
                    await uow.run(MOVE_TRACK, names=names, before=before, after=after)
