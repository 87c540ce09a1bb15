"""What the provider clears away by the clock."""

from datetime import timedelta

from mainspring.core import clock
from mainspring.core.jobs import JobRun, every
from mainspring.core.observability.logs import get_logger

from .service import GrantService

KEPT_FOR = timedelta(days=30)  # long enough to see a code come a second time, and what a client had
log = get_logger(__name__)


@every(timedelta(hours=6))
async def prune_oauth(run: JobRun) -> None:
    """Remove codes and sessions of clients that were over thirty days ago."""
    async with run.application.unit() as uow:
        removed = await GrantService(uow).prune(clock.now() - KEPT_FOR)
    if removed:
        log.info("oauth_pruned", rows=removed)
