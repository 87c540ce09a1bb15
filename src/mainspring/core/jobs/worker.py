"""The worker of a process: waits until something may be ready, claims as much as it has room for, and runs it."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .. import clock
from ..database.errors import DatabaseUnavailable, RunAgain
from ..observability.logs import get_logger
from ..tasks import start, stop
from .bell import JobBell, Ring
from .book import JobBook
from .carrying.ports import Handed
from .carrying.working import CarriedWork
from .control import Backoff
from .engine import JobEngine, Post
from .models import LIMITED
from .rows import ClaimedJob
from .scheduling import Scheduler
from .taking import Taker
from .waiting import TableSource, WorkSource
from .watch import Watch

if TYPE_CHECKING:
    from ..application import Application
    from ..database.signals import Heard

log = get_logger(__name__)
LAG_SECONDS = 0.02
LAG_PAUSE_SECONDS = 0.05
SETTLE_SECONDS = 2.0
AFTER_OUTAGE = Backoff()


class JobWorker:
    """Runs at most `concurrency` jobs at once, from the given queues or from every one that the application knows.

    `source` is where it waits for work; by default the table, or the broker of JOBS__TRANSPORT.
    """

    def __init__(
        self,
        application: "Application",
        queues: Sequence[str] | None = None,
        concurrency: int | None = None,
        source: WorkSource | None = None,
    ) -> None:
        settings, book = application.settings.jobs, application.resolve(JobBook)
        self.application = application
        self.engine = application.resolve(JobEngine)
        self.bell = application.resolve(JobBell)
        self.queues = tuple(sorted(queues or {definition.options.queue for definition in book}))
        self.concurrency = settings.concurrency if concurrency is None else concurrency
        self.takers = [Taker(database, self.queues, settings.limits, book) for database in application.databases.values()]
        self.taken = 0
        self.carried = CarriedWork.of(application, self.takers, self.queues, self.concurrency)
        self.source: WorkSource = source or (self.carried.source if self.carried else TableSource(self.takers))
        self._freed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._listening: list[Callable[[], None]] = []
        self._watch = Watch(application, self.engine)
        self._scheduler = Scheduler(application)

    async def start(self) -> None:
        """Begin to work."""
        self.engine.queues, self.engine.concurrency = self.queues, self.concurrency
        await self.engine.join()
        self._tasks = [start(self._work(), name="jobs are claimed")]
        if self.carried is not None:
            self.carried.start(self._watch.run, self._scheduler.run)
            return
        self._listening = [self.bell.listen(self._rang)]
        for taker in self.takers:
            self._listening.append(self.bell.signals_of(taker.database).listen(self._heard(taker)))
        self._tasks += [
            start(self._watch.run(), name="dead workers are found"),
            start(self._scheduler.run(), name="schedules tick"),
        ]

    async def drain(self, seconds: float | None = None) -> None:
        """Claim nothing more, let what runs end within `seconds` (by default DRAIN_TIMEOUT), give back the rest.

        The process stays known until the application stops, for jobs that requests still hold.
        """
        total = self.application.settings.drain_timeout.total_seconds() if seconds is None else seconds
        self.engine.ends.is_draining = True
        for end in self._listening:
            end()
        tasks, self._tasks, self._listening = self._tasks, [], []
        for task in tasks:
            await stop(task)
        if self.carried is not None:
            await self.carried.stop()
        if not await self.engine.settled(max(total - SETTLE_SECONDS, total / 2)):
            log.info("jobs_given_back", count=self.taken)
            self.engine.stop_all("drained")
            await self.engine.settled(min(SETTLE_SECONDS, total / 2))

    async def run_out(self) -> int:
        """Run one job after the other until nothing is ready, in a process whose worker does not run; how many."""
        await self.engine.join()
        count = 0
        while True:
            found = 0
            for taker in self.takers:
                taker.look_at_everything()
                found += await self._take(taker, 1)
                await self.engine.settled(float("inf"))
            if not found:
                return count
            count += found

    async def _work(self) -> None:
        outages = 0
        while True:
            room = self.concurrency - self.taken
            if room <= 0:
                self._freed.clear()
                await self._freed.wait()
                continue
            try:
                tickets = await self.source.next(room)
                await _responsive()
                if tickets is not None:
                    await self._take_named(tickets)
                    continue
                for taker in self.takers:
                    room = self.concurrency - self.taken
                    if room > 0 and taker.is_due:
                        await self._take(taker, room)
                outages = 0
            except Exception as error:  # whatever it is, this process goes on looking for work
                outages += 1
                if not isinstance(error, DatabaseUnavailable | RunAgain):
                    log.exception("jobs_cannot_be_claimed")
                elif outages == 1:
                    log.warn("jobs_cannot_be_claimed", reason=type(error).__name__)
                for taker in self.takers:
                    taker.look_at_everything()
                await asyncio.sleep(AFTER_OUTAGE.delay(min(outages, 3)).total_seconds())

    async def _take(self, taker: Taker, room: int) -> int:
        post = self.engine.posts[taker.database]
        assert post.presence.id is not None, "the engine has joined"  # noqa: S101
        rows = await taker.take(post.desk, post.presence.id, room, self.engine.children.free)
        self._begin(post, taker, rows)
        return len(rows)

    async def _take_named(self, tickets: Sequence[Handed]) -> None:
        rows: list[ClaimedJob] = []
        try:
            for taker in self.takers:
                mine = [one.ticket for one in tickets if self.application.databases.get(one.ticket.database) is taker.database]
                if mine:
                    post = self.engine.posts[taker.database]
                    assert post.presence.id is not None, "the engine has joined"  # noqa: S101
                    found = await taker.take_named(post.desk, post.presence.id, mine)
                    rows += found
                    self._begin(post, taker, found)
        finally:
            self.source.claimed(tickets, rows)

    def _begin(self, post: Post, taker: Taker, rows: Sequence[ClaimedJob]) -> None:
        for claimed in rows:
            self.taken += 1
            self.engine.begin(post, claimed, self._ended(taker, claimed))

    def _ended(self, taker: Taker, claimed: ClaimedJob) -> Callable[[], None]:
        def ended() -> None:
            self.taken -= 1
            self._freed.set()
            self.source.ended(claimed.id)
            if not taker.claims_by_name(claimed.queue) or claimed.track == LIMITED:
                taker.hear(frozenset({claimed.queue}))  # what its limit kept waiting
                self.source.wake()

        return ended

    def _rang(self, ring: Ring) -> bool:
        for taker in self.takers:
            if taker.database is ring.database:
                concerns = taker.ring(ring)
                self.source.wake()
                return concerns and taker.promised <= self.concurrency - self.taken
        return False

    def _heard(self, taker: Taker) -> "Heard":
        def heard(words: frozenset[str]) -> None:
            if taker.hear(words):
                self.source.wake()

        return heard


async def _responsive() -> None:
    """Wait until the event loop answers within 20 ms: requests go first (ARCHITECTURE 10 l)."""
    while True:
        before = clock.monotonic()
        await asyncio.sleep(0)
        if clock.monotonic() - before < LAG_SECONDS:
            return
        await asyncio.sleep(LAG_PAUSE_SECONDS)
