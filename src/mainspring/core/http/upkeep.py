"""What the web does in the background."""

from datetime import timedelta

from .. import clock
from ..jobs import JobRun, every, job
from .kept_answers import FORGET_OLD

FORGOTTEN_AT_ONCE = 1000


@job(queue="upkeep")
@every(timedelta(minutes=5))
async def forget_answers(run: JobRun) -> None:
    """Remove kept answers whose time is over, in short units, so that others write in between."""
    removed = FORGOTTEN_AT_ONCE
    while removed == FORGOTTEN_AT_ONCE:
        async with run.unit() as uow:
            removed = await uow.run(FORGET_OLD, now=clock.now(), limit=FORGOTTEN_AT_ONCE)
