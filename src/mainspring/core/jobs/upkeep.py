"""What core itself does in the background."""

from datetime import timedelta

from ..database.unit_of_work import UnitOfWork
from ..security.claim_once import sweep
from .declaring import cron, every, job
from .pruning import PRUNED_AT_ONCE, prune
from .run import JobRun
from .sweeping import forget_silent
from .totals import forget_totals


@job(queue="upkeep")
@every(timedelta(minutes=5))
async def prune_jobs(run: JobRun) -> None:
    """Remove finished jobs whose history has ended, old sums, and workers that left without a word."""
    removed = PRUNED_AT_ONCE
    while removed == PRUNED_AT_ONCE:  # as fast as they come in, and in short units, so that others write in between
        async with run.unit() as uow:
            removed = await prune(uow, PRUNED_AT_ONCE)
    async with run.unit() as uow:
        await forget_silent(uow)
        await forget_totals(uow)


@job(queue="upkeep")
@cron("17 * * * *")
async def sweep_claims(uow: UnitOfWork) -> None:
    """Remove what could be claimed once and has expired."""
    await sweep(uow)
