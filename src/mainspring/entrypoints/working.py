"""Processes that only run jobs: as many as wanted, on any machine that reaches the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from mainspring.core.application import Application
from mainspring.core.events.outbox import Outbox
from mainspring.core.jobs.book import JobBook
from mainspring.core.jobs.worker import JobWorker
from mainspring.core.module import BootRefused
from mainspring.core.observability import configure_logs, get_logger
from mainspring.core.settings import Settings

from .serving.handover import take_over
from .serving.manager import tell_manager
from .serving.preparation import prepare, settle
from .serving.supervisor import Supervisor
from .serving.worker import work

LOG = get_logger(__name__)
USUAL_CONCURRENCY = 10


@dataclass(frozen=True, slots=True)
class Prepared:
    """An application that works through `queues`, at most so many jobs at once."""

    application: Application
    queues: list[str]
    concurrency: int


def prepare_worker(settings: Settings, queues: Sequence[str], concurrency: int | None) -> Prepared:
    """Everything before the processes start. Raises BootRefused when a queue does not exist or it cannot start."""
    configure_logs(settings)
    application = prepare(settings, alone=False)
    application.resolve(Outbox)  # subscribers are jobs too
    known = {definition.options.queue for definition in application.resolve(JobBook)}
    unknown = sorted(set(queues) - known)
    if unknown:
        raise BootRefused(f"There is no queue {', '.join(unknown)}. There are {', '.join(sorted(known))}.")
    most = concurrency or settings.jobs.concurrency or USUAL_CONCURRENCY
    application.ports.singleton(JobWorker, lambda: JobWorker(application, queues or None, most))
    return Prepared(application, sorted(queues or known), most)


def run_worker(settings: Settings, queues: Sequence[str], concurrency: int | None, processes: int) -> int:
    """Run jobs until a signal ends it; the exit code. Raises BootRefused when a queue does not exist or it cannot start."""
    before = take_over()
    prepared = prepare_worker(settings, queues, concurrency)
    settle()

    def tell() -> None:
        message = "worker_started" if before is None else "worker_reloaded"
        LOG.info(message, queues=prepared.queues, concurrency=prepared.concurrency, processes=processes)
        tell_manager("READY=1")

    drain = settings.drain_timeout.total_seconds()
    code = Supervisor([None] * processes, partial(work, prepared.application, None), drain, before).run(tell)
    LOG.info("stopped", exitCode=code)
    return code
