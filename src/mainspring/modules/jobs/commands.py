"""`mainspring jobs ...`: looking after the queues from the command line, by whoever runs the installation."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
import typer

from mainspring.core import clock
from mainspring.core.application import Application
from mainspring.core.console import coloured, note, say, table, warn, with_application
from mainspring.core.database import Position
from mainspring.core.jobs.listing import JOBS, JobRow, WholeJob
from mainspring.core.jobs.statistics import Pending, QueueStatistics, living_workers, queue_statistics, unknown_names
from mainspring.core.jobs.steering import replay

from .schemas import JobQuery, State
from .service import JobService

cli = typer.Typer(name="jobs", help="Background jobs: list, show, run again, cancel, statistics.", no_args_is_help=True)

JobId = Annotated[UUID, typer.Argument(help="The id of the job.")]
StateOf = Annotated[State | None, typer.Option("--state", help="Only those in this state.")]
QueueOf = Annotated[str | None, typer.Option("--queue", help="Only those of this queue.")]
NameOf = Annotated[str | None, typer.Option("--name", help="Only those of this name, such as orders.send_receipt.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Limit = Annotated[int, typer.Option(min=1, max=100, help="Rows on a page.")]
PageNumber = Annotated[int, typer.Option(min=1, help="Which page.")]

AT_ONCE = 500  # rows of one transaction
COLOUR_OF = {"done": "good", "dead": "bad", "running": "bold", "waiting": "dim", "blocked": "dim", "cancelled": "dim"}


@cli.command("list")
def list_jobs(
    state: StateOf = None,
    queue: QueueOf = None,
    name: NameOf = None,
    limit: Limit = 50,
    page: PageNumber = 1,
    as_json: AsJson = False,
) -> None:
    """Show the jobs, newest first."""
    query = JobQuery(state=state, queue=queue, name=name, limit=limit, page=page)

    async def deed(application: Application) -> list[JobRow]:
        async with application.reading() as uow:
            return (await JobService(uow).find(query)).rows

    jobs = with_application(deed)
    if as_json:
        _say_json([asdict(job) for job in jobs])
        return
    table(("ID", "NAME", "QUEUE", "STATE", "FAILURES", "RUN AT", "ERROR"), [_cells(job) for job in jobs])
    if not jobs:
        note("No jobs.")


@cli.command()
def show(id: JobId, as_json: AsJson = False) -> None:
    """Show everything about a job, with its order."""

    async def deed(application: Application) -> WholeJob:
        async with application.reading() as uow:
            return await JobService(uow).get(id)

    job = asdict(with_application(deed))
    if as_json:
        _say_json(job)
        return
    width = max(map(len, job))
    for name, value in job.items():
        if value is not None:
            say(f"{coloured(name.ljust(width), 'dim')}  {_text(name, value)}")


@cli.command()
def retry(
    id: Annotated[UUID | None, typer.Argument(help="The id of a dead job.")] = None,
    name: NameOf = None,
    queue: QueueOf = None,
    every: Annotated[bool, typer.Option("--all", help="Every dead job.")] = False,
) -> None:
    """Run dead jobs again, with all their attempts: one, those of a name or a queue, or all."""
    if (id is not None) + (name is not None or queue is not None) + every != 1:
        raise typer.BadParameter("Give an id, or --name and --queue, or --all.")

    async def deed(application: Application) -> tuple[int, int]:
        if id is None:
            return await _replayed(application, {"state": "dead", "name": name, "queue": queue})
        async with application.unit() as uow:
            await JobService(uow).retry(id)
        return 1, 1

    found, again = with_application(deed)
    say(f"{again} of {found} dead jobs run again.")
    if again < found:
        warn(f"{found - again} stay dead: the same work is waiting already.")
        raise typer.Exit(1)


@cli.command()
def cancel(id: JobId) -> None:
    """Cancel a job: at once while it waits; one that runs is asked to stop."""

    async def deed(application: Application) -> WholeJob:
        async with application.unit() as uow:
            return await JobService(uow).cancel(id)

    job = with_application(deed)
    say("Cancelled." if job.state == "cancelled" else "It was asked to stop.")


@cli.command()
def stats(as_json: AsJson = False) -> None:
    """Show every queue: what waits, runs and died, the age of the oldest, and how the last hour went."""

    async def deed(application: Application) -> tuple[list[QueueStatistics], list[Pending], int]:
        async with application.reading() as uow:
            return await queue_statistics(uow), await unknown_names(uow), await living_workers(uow)

    queues, unknown, workers = with_application(deed)
    if as_json:
        _say_json({"workers": workers, "queues": [asdict(one) for one in queues], "unknown": [asdict(one) for one in unknown]})
        return
    headings = ("QUEUE", "READY", "SCHEDULED", "BLOCKED", "RUNNING", "DEAD", "OLDEST", "ATTEMPTS/H", "FAILED", "MEAN")
    table(headings, [_cells_of_queue(one) for one in queues])
    for one in unknown:
        warn(f"{one.jobs} of {one.name} in {one.queue}: no installed module knows this job.")
    if workers:
        note(f"{workers} worker{'s' if workers > 1 else ''} alive.")
    else:
        warn("No worker is alive.")


async def _replayed(application: Application, filters: Mapping[str, str | None]) -> tuple[int, int]:
    """How many dead jobs were found, and how many of them run again."""
    found = again = 0
    position: Position | None = None
    while True:
        async with application.reading() as reading:
            page = await reading.slice(JOBS, filters=filters, sort="createdAt", position=position, limit=AT_ONCE)
        async with application.unit() as uow:
            again += await replay(uow, [job.id for job in page.rows])
        found, position = found + len(page.rows), page.next
        if position is None:
            return found, again


def _cells(job: JobRow) -> tuple[str, ...]:
    return (
        str(job.id),
        job.name,
        job.queue,
        coloured(job.state, COLOUR_OF[job.state]) if job.state in COLOUR_OF else job.state,
        f"{job.failures}/{job.max_attempts}",
        _moment(job.run_at),
        job.error or "-",
    )


def _cells_of_queue(one: QueueStatistics) -> tuple[str, ...]:
    return (
        one.queue,
        *map(str, (one.ready, one.scheduled, one.blocked, one.running)),
        coloured(str(one.dead), "bad") if one.dead else "0",
        _span(one.oldest_seconds),
        str(one.attempts_last_hour),
        "-" if one.failure_rate is None else f"{one.failure_rate:.1%}",
        _span(one.mean_seconds),
    )


def _text(name: str, value: Any) -> str:  # Any: a column of any type
    if isinstance(value, datetime):
        away = (value - clock.now()).total_seconds()
        return f"{_moment(value)} ({f'in {_span(away)}' if away > 0 else f'{_span(-away)} ago'})"
    if isinstance(value, dict):
        return orjson.dumps(value).decode()
    return coloured(str(value), COLOUR_OF.get(str(value), "bold")) if name == "state" else str(value)


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _span(seconds: float | None) -> str:
    """Seconds in the unit that a person would choose."""
    if seconds is None:
        return "-"
    if seconds < 1:
        return f"{seconds * 1000:.0f}ms"
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:.1f}s"


def _say_json(value: object) -> None:
    say(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())
