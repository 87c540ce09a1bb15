"""How the queues are (R-268): what waits, what runs, what died, how old the oldest is, and how the last hour went."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, literal, select, union_all

from .. import clock
from ..database.statement import Statement, bind
from .book import JobBook
from .models import BLOCKED, DEAD, READY, RUNNING, WAITING, Job, Worker
from .totals import HourOfQueue, last_hour

if TYPE_CHECKING:
    from ..database.unit_of_work import UnitOfWork

ALIVE = timedelta(seconds=150)  # an idle worker says each minute that it is there


@dataclass(frozen=True, slots=True)
class Depth:
    """How many jobs of a queue are in a state, and since when the first of them is due."""

    state: str
    queue: str
    jobs: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class Pending:
    """Unfinished jobs of one name in one queue."""

    name: str
    queue: str
    jobs: int


@dataclass(frozen=True, slots=True)
class QueueStatistics:
    """One queue. Ages and durations are in seconds; None where nothing is there to tell.

    `failure_rate` is the share of the attempts of the last hour that failed, from 0 to 1; `mean_seconds` how long they took.
    """

    queue: str
    ready: int
    scheduled: int
    blocked: int
    running: int
    dead: int
    oldest_seconds: float | None
    attempts_last_hour: int
    failure_rate: float | None
    mean_seconds: float | None


@dataclass(frozen=True, slots=True)
class LivingWorker:
    """A process that runs jobs: a server or a worker."""

    host: str
    pid: int
    queues: list[Any]
    concurrency: int
    started_at: datetime
    seen_at: datetime


# One arm for each state, so that each is answered by its partial index and the history is not looked at.
DEPTHS = Statement(
    union_all(
        *(
            select(
                literal(state).label("state"),
                Job.queue.label("queue"),
                func.count().label("jobs"),
                func.min(Job.run_at).label("oldest"),
            )
            .where(Job.state == state)
            .group_by(Job.queue)
            for state in (READY, WAITING, BLOCKED, RUNNING, DEAD)
        )
    ),
    Depth,
    slow=True,
)
PENDING = Statement(
    union_all(
        *(
            select(Job.name.label("name"), Job.queue.label("queue"), func.count().label("jobs"))
            .where(Job.state == state)
            .group_by(Job.name, Job.queue)
            for state in (READY, WAITING, BLOCKED)
        )
    ),
    Pending,
    slow=True,
)
OLDEST = Statement(select(func.min(Job.run_at)).where(Job.state == READY), datetime, slow=True)
LIVING = Statement(select(func.count()).select_from(Worker).where(Worker.seen_at > bind("since", Worker.seen_at)), int)

WORKERS = Statement(
    select(Worker).where(Worker.seen_at > bind("since", Worker.seen_at)).order_by(Worker.host, Worker.started_at), LivingWorker
)


async def depths(uow: "UnitOfWork") -> list[Depth]:
    """Every queue and state in which there are unfinished or dead jobs."""
    return await uow.all(DEPTHS)


async def queue_statistics(uow: "UnitOfWork") -> list[QueueStatistics]:
    """Every queue in which something is, or in which something ran in the last hour, by name."""
    found = {(depth.queue, depth.state): depth for depth in await depths(uow)}
    hours = {hour.queue: hour for hour in await last_hour(uow)}
    return [_told(queue, found, hours.get(queue)) for queue in sorted({queue for queue, _ in found} | hours.keys())]


async def unknown_names(uow: "UnitOfWork") -> list[Pending]:
    """Unfinished jobs that no installed module of this process knows; they wait for a process that does."""
    book = uow.port(JobBook)
    counts: dict[tuple[str, str], int] = {}
    for one in await uow.all(PENDING):
        if book.find(one.name) is None:
            counts[one.name, one.queue] = counts.get((one.name, one.queue), 0) + one.jobs
    return [Pending(name, queue, jobs) for (name, queue), jobs in sorted(counts.items())]


async def oldest_ready(uow: "UnitOfWork") -> float | None:
    """For how many seconds the job that waits longest could have run; None when none is ready."""
    since = await uow.value(OLDEST)
    return None if since is None else since_seconds(since)


def since_seconds(moment: datetime) -> float:
    """How long ago it was; 0 for a moment that another machine's clock puts ahead."""
    return max(0.0, (clock.now() - moment).total_seconds())


async def living_workers(uow: "UnitOfWork") -> int:
    """How many processes run jobs."""
    return await uow.value(LIVING, since=clock.now() - ALIVE) or 0


async def workers_alive(uow: "UnitOfWork") -> list[LivingWorker]:
    """The processes that run jobs, by machine."""
    return await uow.all(WORKERS, since=clock.now() - ALIVE)


def _told(queue: str, found: dict[tuple[str, str], Depth], hour: HourOfQueue | None) -> QueueStatistics:
    def count(state: str) -> int:
        depth = found.get((queue, state))
        return depth.jobs if depth else 0

    ready = found.get((queue, READY))
    attempts = hour.attempts if hour else 0
    return QueueStatistics(
        queue=queue,
        ready=count(READY),
        scheduled=count(WAITING),
        blocked=count(BLOCKED),
        running=count(RUNNING),
        dead=count(DEAD),
        oldest_seconds=since_seconds(ready.oldest) if ready else None,
        attempts_last_hour=attempts,
        failure_rate=hour.failed / attempts if hour and attempts else None,
        mean_seconds=hour.milliseconds / attempts / 1000 if hour and attempts else None,
    )
