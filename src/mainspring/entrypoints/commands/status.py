"""`mainspring status`."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mainspring.core.console import note, say, table, with_application

if TYPE_CHECKING:
    from mainspring.core.application import Application
    from mainspring.core.jobs.statistics import LivingWorker, QueueStatistics


def status(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show the processes that run jobs, on every machine, and what waits for them. `mainspring doctor` tells what is wrong."""
    workers, queues = with_application(_asked)
    if as_json:
        import json

        told: dict[str, Any] = {"processes": [asdict(one) for one in workers], "queues": [asdict(one) for one in queues]}
        say(json.dumps(told, default=str, indent=2))
        return
    rows = [
        (
            one.host,
            str(one.pid),
            ",".join(map(str, one.queues)) or "all",
            str(one.concurrency),
            f"{one.started_at:%Y-%m-%d %H:%M:%S}",
        )
        for one in workers
    ]
    table(("HOST", "PID", "QUEUES", "JOBS AT ONCE", "SINCE"), rows)
    if not workers:
        note("No process runs jobs.")
    if queues:
        say("")
        counts = [(one.queue, one.ready, one.scheduled, one.blocked, one.running, one.dead, _age(one)) for one in queues]
        headings = ("QUEUE", "READY", "SCHEDULED", "BLOCKED", "RUNNING", "DEAD", "OLDEST")
        table(headings, [tuple(map(str, row)) for row in counts])


async def _asked(application: "Application") -> "tuple[list[LivingWorker], list[QueueStatistics]]":
    from mainspring.core.jobs.statistics import queue_statistics, workers_alive

    workers, queues = [], []
    for name in application.databases:
        async with application.reading(database=name) as uow:
            workers += await workers_alive(uow)
            queues += await queue_statistics(uow)
    return workers, queues


def _age(queue: "QueueStatistics") -> str:
    return "-" if queue.oldest_seconds is None else f"{queue.oldest_seconds:.0f} s"
