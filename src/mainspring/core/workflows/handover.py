"""The jobs that carry workflows: one stands by for each that is carried here and now, one runs each that waited.

The job of a workflow that is carried here waits a lease ahead and is moved on while this process lives. When it comes due, the
process has died or was stopped, and a worker takes the workflow over.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete, or_

from .. import clock
from ..database import Statement, any_of, bind, update_of
from ..jobs.bell import JobBell
from ..jobs.book import JobBook
from ..jobs.models import READY, WAITING, Job
from ..observability.logs import get_logger
from .errors import Lost, text_of
from .orders import CarryWorkflow

if TYPE_CHECKING:
    from ..database import UnitOfWork
    from .journal import Journal

LEASE = timedelta(seconds=15)  # with one look of a worker a workflow whose process died goes on within 30 s
log = get_logger(__name__)

_IS_THIS = Job.id == bind("id", Job.id)
MOVE: Statement[Any] = Statement(update_of(Job).where(_IS_THIS, Job.state == WAITING).values(run_at=bind("run_at", Job.run_at)))
MOVE_MANY: Statement[Any] = Statement(
    update_of(Job).where(any_of(Job.id, "ids"), Job.state == WAITING).values(run_at=bind("run_at", Job.run_at))
)
HURRY: Statement[Any] = Statement(
    update_of(Job).where(_IS_THIS, Job.state == WAITING).values(run_at=bind("run_at", Job.run_at), state=READY)
)
WITHDRAW: Statement[Any] = Statement(delete(Job).where(_IS_THIS, or_(Job.state == WAITING, Job.state == READY)))


def enqueue(uow: "UnitOfWork", workflow_id: UUID, run_at: datetime | None = None) -> UUID:
    """A job that carries the workflow at that time, or now; its id."""
    return uow.enqueue(CarryWorkflow(workflow_id), run_at=run_at)


async def hurry(uow: "UnitOfWork", job_id: UUID) -> None:
    """Let a job that waits run now; one that is ready or runs is in no need of it."""
    if await uow.run(HURRY, id=job_id, run_at=clock.now()):
        definition = uow.port(JobBook).for_order(CarryWorkflow(job_id))
        uow.port(JobBell).ring_after_commit(uow, definition)


async def postpone(uow: "UnitOfWork", job_ids: Sequence[UUID], run_at: datetime) -> None:
    """Let jobs that wait, wait until then."""
    await uow.run(MOVE_MANY, ids=list(job_ids), run_at=run_at)


async def arrange(uow: "UnitOfWork", journal: "Journal") -> None:
    """Make the job fit what the journal is about to write. Raises Lost when a worker has taken it."""
    instance = journal.instance
    stands_by = journal.is_leased and instance.job_id is not None
    if instance.has_ended or instance.state == "stuck":
        if stands_by:
            uow.before_commit(WITHDRAW, id=instance.job_id)
    elif instance.resume_at is not None:
        if not stands_by:
            instance.job_id = enqueue(uow, instance.id, instance.resume_at)
        elif not await uow.run(MOVE, id=instance.job_id, run_at=instance.resume_at):
            raise Lost()
    elif journal.is_new:
        instance.job_id = enqueue(uow, instance.id, clock.after(LEASE))


async def give_away(journal: "Journal") -> None:
    """This process ends: let another one carry the workflow on at once. What cannot be written waits for the lease to end."""
    if journal.is_new or journal.instance.has_ended or journal.instance.resume_at is not None:
        return
    try:
        async with journal.application.unit(journal.context) as uow:
            if journal.instance.job_id is not None:
                await hurry(uow, journal.instance.job_id)
    except Exception as problem:
        log.warn("workflow_not_given_away", id=journal.instance.id, reason=text_of(problem))
