"""Processes that only run jobs: as many as wanted, on any machine that reaches the database."""

from collections.abc import Sequence
from functools import partial

from mainspring.core.events.outbox import Outbox
from mainspring.core.jobs.book import JobBook
from mainspring.core.jobs.worker import JobWorker
from mainspring.core.module import BootRefused
from mainspring.core.observability import configure_logs, get_logger
from mainspring.core.settings import Settings

from .serving.preparation import prepare, settle
from .serving.supervisor import Supervisor
from .serving.worker import work

LOG = get_logger(__name__)
USUAL_CONCURRENCY = 10


def run_worker(settings: Settings, queues: Sequence[str], concurrency: int | None, processes: int) -> int:
    """Run jobs until a signal ends it; the exit code. Raises BootRefused when a queue does not exist or it cannot start."""
    configure_logs(settings)
    application = prepare(settings, alone=False)
    application.resolve(Outbox)  # subscribers are jobs too
    known = {definition.options.queue for definition in application.resolve(JobBook)}
    unknown = sorted(set(queues) - known)
    if unknown:
        raise BootRefused(f"There is no queue {', '.join(unknown)}. There are {', '.join(sorted(known))}.")
    most = concurrency or settings.jobs.concurrency or USUAL_CONCURRENCY
    application.ports.singleton(JobWorker, lambda: JobWorker(application, queues or None, most))
    settle()

    def tell() -> None:
        LOG.info("worker_started", queues=sorted(queues or known), concurrency=most, processes=processes)

    drain = settings.drain_timeout.total_seconds()
    code = Supervisor([None] * processes, partial(work, application, None), drain).run(tell)
    LOG.info("stopped", exitCode=code)
    return code
