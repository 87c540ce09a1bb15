"""Whether background work gets done: what `/health` says about it (R-198, R-268)."""

from typing import TYPE_CHECKING

from ..cache import cached
from .statistics import living_workers, oldest_ready

if TYPE_CHECKING:
    from ..application import Application


@cached(ttl=1)  # everybody may ask /health, as often as he likes
async def is_work_done(application: "Application") -> bool:
    """Whether a worker is alive, and no job could have run for longer than JOBS__OLDEST_READY and does not."""
    longest = application.settings.jobs.oldest_ready.total_seconds()
    for name in application.databases:
        async with application.reading(database=name) as uow:
            if not await living_workers(uow) or (await oldest_ready(uow) or 0.0) > longest:
                return False
    return True
