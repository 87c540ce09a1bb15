"""Background work: is anybody there, does it get done, what waits for a person."""

from datetime import timedelta

from .. import clock
from ..context import Context
from ..jobs.scheduling import ROWS
from ..jobs.statistics import living_workers, oldest_ready, queue_statistics
from ..workflows.managing import WorkflowKeeper
from .finding import Finding
from .patient import Patient

OVERDUE = timedelta(minutes=2)
MOST_NAMED = 3


async def about_jobs(patient: Patient) -> list[Finding]:
    """Workers, the job that waits longest, and jobs that gave up."""
    found, longest = [], patient.settings.jobs.oldest_ready.total_seconds()
    for name, database in patient.databases.items():
        async with database.reading(Context()) as uow:
            workers, waits = await living_workers(uow), await oldest_ready(uow) or 0.0
            dead = sum(queue.dead for queue in await queue_statistics(uow))
        if not workers:
            cure = "Start mainspring serve (JOBS__CONCURRENCY above 0) or mainspring worker."
            found.append(Finding(f"No process runs the jobs of the database {name}.", cure))
        elif waits > longest:
            sentence = f"A job of the database {name} could have run for {waits:.0f} s and did not."
            found.append(Finding(sentence, "Start more workers, or raise JOBS__CONCURRENCY; see mainspring jobs list."))
        if dead:
            cure = "mainspring jobs list --state dead shows why; mainspring jobs retry runs them again."
            found.append(Finding(f"{dead} jobs of the database {name} gave up.", cure))
    return found


async def about_schedules(patient: Patient) -> list[Finding]:
    """Scheduled jobs whose time has passed."""
    if not patient.has_default:
        return []
    async with patient.databases["default"].reading(Context()) as uow:
        late = sorted(row.name for row in await uow.all(ROWS) if row.next_at < clock.now() - OVERDUE)
    if not late:
        return []
    names = ", ".join(late[:MOST_NAMED]) + (f" and {len(late) - MOST_NAMED} more" if len(late) > MOST_NAMED else "")
    return [Finding(f"Schedules are overdue: {names}.", "A running mainspring serve or mainspring worker moves them.")]


async def about_workflows(patient: Patient) -> list[Finding]:
    """Workflows that wait for a person."""
    if not patient.has_default:
        return []
    async with patient.databases["default"].reading(Context()) as uow:
        stuck = await WorkflowKeeper(uow).stuck()
    cure = "mainspring workflows list --stuck shows why; mainspring workflows retry or cancel ends it."
    return [Finding(f"{stuck} workflows are stuck.", cure)] if stuck else []
