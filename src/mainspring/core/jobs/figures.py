"""What the queues tell Prometheus (R-268): how much waits, since when, and how attempts ended and how long they took."""

from typing import TYPE_CHECKING

from ..observability.metrics import Reading, at_scrape, counter, histogram
from .models import BLOCKED, DEAD, READY, RUNNING, WAITING
from .observers import Ended, JobObservers
from .statistics import depths, living_workers, since_seconds
from .totals import Totals

if TYPE_CHECKING:
    from ..application import Application
    from ..database.database import Database
    from ..database.unit_of_work import UnitOfWork

STATES = (READY, WAITING, BLOCKED, RUNNING, DEAD)
DURATIONS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0)

ATTEMPTS = counter("mainspring_job_attempts_total", "Attempts at jobs by how they ended.", ("queue", "outcome"))
SPENT = histogram("mainspring_job_duration_seconds", "Time that an attempt took.", ("queue",), bounds=DURATIONS)
WAITED = histogram("mainspring_job_wait_seconds", "Time from when a job was due to its start.", ("queue",), bounds=DURATIONS)

FAILURES = frozenset(("failed", "dead", "crashed"))
COUNTED = FAILURES | {"done"}  # a snoozed or cancelled one says nothing about how well it goes


def watch_attempts(observers: JobObservers, database: "Database") -> None:
    """Count every attempt that ends in this process: in the figures, and in the sums of the main database."""
    totals = Totals()

    def note(ended: Ended) -> None:
        ATTEMPTS.of(ended.queue, ended.how).inc()
        if ended.how != "crashed":  # nobody knows how long that one took
            SPENT.of(ended.queue).observe(ended.seconds)
            WAITED.of(ended.queue).observe(ended.waited_seconds)
        if ended.how in COUNTED:
            totals.note(ended.queue, ended.seconds, failed=ended.how in FAILURES)

    async def write(uow: "UnitOfWork") -> None:
        if uow.database is database:
            await totals.write(uow)

    observers.ended.append(note)
    observers.beating.append(write)


@at_scrape
async def look_at_queues(application: "Application") -> list[Reading]:
    """Unfinished and dead jobs by queue and state, the age of the oldest that could run, and the workers."""
    counts: dict[tuple[str, str], int] = {}
    ages: dict[str, float] = {}
    workers = 0
    for name in application.databases:
        async with application.reading(database=name) as uow:
            for depth in await depths(uow):
                counts[depth.queue, depth.state] = counts.get((depth.queue, depth.state), 0) + depth.jobs
                if depth.state == READY:
                    ages[depth.queue] = max(ages.get(depth.queue, 0.0), since_seconds(depth.oldest))
            workers = max(workers, await living_workers(uow))
    readings = [Reading("mainspring_job_workers", "Processes that run jobs.", workers)]
    for queue in sorted({queue for queue, _ in counts}):
        for state in STATES:  # zeros too, so that an alert sees a queue become empty
            labels = {"queue": queue, "state": state}
            readings.append(Reading("mainspring_jobs", "Jobs that are not done.", counts.get((queue, state), 0), labels))
        age = ages.get(queue, 0.0)
        text = "For how long the job that waits longest could have run."
        readings.append(Reading("mainspring_jobs_oldest_ready_seconds", text, age, {"queue": queue}))
    return readings
