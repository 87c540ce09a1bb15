"""The jobs that this process has in its hands: it says that they are alive, runs them, and follows a lane to its end."""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from .. import clock
from ..database.errors import DatabaseUnavailable, RunAgain
from ..observability.logs import get_logger
from ..tasks import start, stop
from .attempts import Attempt, Why
from .book import Definition, JobBook
from .children import ChildPool
from .desk import open_desk
from .ends import Ends
from .enqueueing import row_of
from .finishing import Finisher
from .outcomes import Outcome
from .presence import Mine, Presence
from .rows import ClaimedJob
from .statements import ADD_HELD, GIVE_BACK

if TYPE_CHECKING:
    from ..application import Application
    from ..database import Database, UnitOfWork

log = get_logger(__name__)
BEAT_SECONDS = 4.0
IDLE_BEAT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Held:
    """A job that this process claimed in the transaction that made it. `outcome` comes after the commit, never without."""

    id: UUID
    outcome: "asyncio.Future[Outcome]"


class Post:
    """This process at one database, its desk there, and what it runs."""

    def __init__(self, database: "Database", desk: "Database", presence: Presence) -> None:
        self.database, self.desk, self.presence = database, desk, presence
        self.finisher = Finisher(database)
        self.running: dict[UUID, Attempt] = {}
        self.was_busy = False
        self.beat_at = 0.0
        self.strays: frozenset[tuple[UUID, int]] = frozenset()


class JobEngine:
    """One per application. `join` makes this process known; `begin` and `hold` run jobs; `stop` gives back what still runs."""

    def __init__(self, application: "Application") -> None:
        self.application = application
        self.book = application.resolve(JobBook)
        self.ends = Ends(application)
        self.posts: dict[Database, Post] = {}
        self.concurrency = 0
        self.queues: tuple[str, ...] = ()
        self.children = ChildPool(application)
        self._threads = ThreadPoolExecutor(thread_name_prefix="mainspring-jobs")
        self._tasks: set[asyncio.Task[None]] = set()
        self._beating: asyncio.Task[None] | None = None
        self._joining = asyncio.Lock()

    async def join(self) -> None:
        """Register in every database and begin to beat; at once when that was done. Call it outside of any unit."""
        async with self._joining:
            if self._beating is not None:
                return
            for database in self.application.databases.values():
                desk = await open_desk(database)
                presence = Presence(desk, self.application.settings.data_dir, self.queues, self.concurrency)
                await presence.register()
                self.posts[database] = Post(database, desk, presence)
            self._beating = start(self._beat(), name="jobs beat")

    def begin(self, post: Post, claimed: ClaimedJob, ended: Callable[[], None]) -> None:
        """Run a claimed row beside the caller, then what is behind it in its lane; `ended` is called after the last of them."""
        task = start(self._carry(post, claimed, ended, None), name=f"job {claimed.name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def hold(self, uow: "UnitOfWork", definition: Definition, order: Any, **given: Any) -> Held:
        """Add a row that is already ours, in the caller's transaction, and run it directly after the commit.

        `join` must have been awaited before the unit's first statement. `given` are `priority`, `dedup_key` and `owner_id`; a
        dedup key that is taken raises DuplicateValue at the commit. Raises RuntimeError when this process has not joined.
        """
        post = self.posts.get(uow.database)
        if post is None or post.presence.id is None:
            raise RuntimeError("await JobEngine.join() before a unit that holds a job")
        now = clock.now()
        row = row_of(uow, definition, order, **given) | {"run_at": now, "lane": None, "lane_seq": None}
        uow.before_commit(ADD_HELD, **row, worker=post.presence.id, started_at=now)
        held = Held(row["id"], asyncio.get_running_loop().create_future())
        claimed = ClaimedJob(
            failures=0, crashes=0, token=1, **{name: row[name] for name in ClaimedJob.__dataclass_fields__ if name in row}
        )
        uow.after_commit(lambda: self._begin_held(post, claimed, held))
        return held

    def cancel(self, job: UUID) -> None:
        """Cancel a job that runs here, at once; the row must ask for it already."""
        for post in self.posts.values():
            if (attempt := post.running.get(job)) is not None:
                attempt.stop("cancelled")

    def stop_all(self, why: Why) -> None:
        """Cancel whatever runs."""
        for post in self.posts.values():
            for attempt in list(post.running.values()):
                attempt.stop(why)

    async def settled(self, seconds: float) -> bool:
        """Wait until nothing runs any more, at most so long; whether that came about."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)
        return not self._tasks

    async def stop(self, seconds: float = 2.0) -> None:
        """Give back what runs, and leave."""
        if self._beating is None:
            return
        self.stop_all("drained")
        await self.settled(seconds)
        await stop(self._beating)
        self._beating = None
        await self.children.stop()
        self._threads.shutdown(wait=False, cancel_futures=True)
        for post in self.posts.values():
            try:
                await post.presence.leave()
            except DatabaseUnavailable:
                log.warn("worker_not_removed", worker=post.presence.id)
            if post.desk is not post.database:
                await post.desk.close()
        self.posts.clear()

    def _begin_held(self, post: Post, claimed: ClaimedJob, held: Held) -> None:
        task = start(self._carry(post, claimed, lambda: None, held), name=f"job {claimed.name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, post: Post, claimed: ClaimedJob, ended: Callable[[], None], held: Held | None) -> None:
        following: ClaimedJob | None = claimed
        try:
            while following is not None:
                attempt = self._attempt(post, following)
                if (earlier := post.running.get(following.id)) is not None:
                    earlier.stop("lost")  # the server forgot our claim in a crash, and gave the row out once more
                post.running[following.id] = attempt
                post.was_busy = True
                try:
                    outcome = await attempt.outcome()
                finally:
                    if post.running.get(following.id) is attempt:
                        del post.running[following.id]
                if held is not None and not held.outcome.done():
                    held.outcome.set_result(outcome)
                following = await self.ends.after(post.database, post.presence.id, attempt, outcome)
        finally:
            ended()

    def _attempt(self, post: Post, claimed: ClaimedJob) -> Attempt:
        definition = self.book.find(claimed.name)
        assert definition is not None, "only known names are claimed"  # noqa: S101
        alone = definition.options.isolated or claimed.crashes
        return Attempt(
            self.application,
            post.database,
            definition,
            claimed,
            post.finisher,
            threads=self._threads,
            children=self.children if alone else None,
        )

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            for post in list(self.posts.values()):
                if post.was_busy or clock.monotonic() - post.beat_at > IDLE_BEAT_SECONDS:
                    try:
                        await self._beat_once(post)
                    except (DatabaseUnavailable, RunAgain) as error:
                        log.warn("heartbeat_failed", worker=post.presence.id, reason=type(error).__name__)
                    except Exception:  # whatever it is, the next beat must come
                        log.exception("heartbeat_failed", worker=post.presence.id)

    async def _beat_once(self, post: Post) -> None:
        began = clock.monotonic()
        post.was_busy = bool(post.running)
        mine = await post.presence.beat(self.ends.observers.beating)
        post.beat_at = began
        if mine is None:
            log.warn("lease_lost", worker=post.presence.id, jobs=len(post.running))
            for attempt in list(post.running.values()):
                attempt.stop("lost")
            await post.presence.register()
            return
        rows = {one.id: one for one in mine}
        for attempt in list(post.running.values()):
            row = rows.get(attempt.claimed.id)
            if attempt.began >= began:
                continue
            if row is None or row.token != attempt.claimed.token:
                attempt.stop("lost")
            elif row.cancel_requested:
                attempt.stop("cancelled")
        await self._give_back(post, mine)

    async def _give_back(self, post: Post, mine: Iterable[Mine]) -> None:
        """Rows that the table says run here and nobody here knows, twice in a row: the answer to a claim was lost."""
        unknown = frozenset((one.id, one.token) for one in mine if one.id not in post.running)
        for job, token in unknown & post.strays:
            async with post.database.unit() as uow:
                await uow.run(GIVE_BACK, id=job, token=token)
        post.strays = unknown - post.strays
        post.was_busy = post.was_busy or bool(unknown)
