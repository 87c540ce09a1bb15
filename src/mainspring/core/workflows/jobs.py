"""The jobs of workflows: carry one on, and look after those that nobody carries."""

from datetime import timedelta

from .. import clock
from ..database import UnitOfWork
from ..jobs import JobRun, Snooze, every, job
from ..observability.logs import get_logger
from ..settings import Settings
from .errors import UnknownWorkflow
from .orders import CarryWorkflow
from .statements import ABANDONED, ERROR_OF_JOB, FORGET_OLD, MARK_STUCK
from .workflows import Workflows

FORGOTTEN_AT_ONCE = 500
UNKNOWN_AGAIN = timedelta(seconds=10)
log = get_logger(__name__)


# A workflow counts its attempts itself, so these are spent only when the database cannot be written.
@job(queue="workflows", attempts=30, timeout=timedelta(hours=1), history=timedelta(hours=1))
async def carry(run: JobRun, order: CarryWorkflow) -> None:
    """Carry a workflow on until it ends or waits."""
    try:
        await run.application.resolve(Workflows).carry(order.workflow_id, run.id)
    except UnknownWorkflow as unknown:
        log.warn("workflow_unknown", id=order.workflow_id, reason=str(unknown))
        raise Snooze(UNKNOWN_AGAIN) from None


@every(timedelta(minutes=1))
@job(queue="workflows", history=timedelta(hours=1))
async def watch(uow: UnitOfWork) -> None:
    """Name the workflows whose job died, for example because it took its process along, and forget old ones."""
    for instance in await uow.all(ABANDONED):
        said = None if instance.job_id is None else await uow.value(ERROR_OF_JOB, id=instance.job_id)
        trouble = f"Nobody carries it any more: its job ended. {said or ''}".rstrip()
        names = {"id": instance.id, "job_id": instance.job_id, "epoch": instance.epoch}
        if await uow.run(MARK_STUCK, trouble=trouble, **names):
            log.error("workflow_stuck", workflow=instance.name, id=instance.id, step=instance.step, reason=trouble)
    before = clock.now() - uow.port(Settings).workflows.history
    while await uow.run(FORGET_OLD, before=before, limit=FORGOTTEN_AT_ONCE) == FORGOTTEN_AT_ONCE:
        continue
