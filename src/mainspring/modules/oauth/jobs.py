"""What the provider clears away by the clock."""

from datetime import timedelta

from mainspring.core import clock
from mainspring.core.jobs import Backoff, JobRun, every, job
from mainspring.core.observability.logs import get_logger

from .rows import SendLogout
from .service import DeviceService, GrantService, PushedService
from .workflows.telling import tell_client

KEPT_FOR = timedelta(days=30)  # long enough to see a code come a second time, and what a client had
ANSWERED_FOR = timedelta(days=1)  # so long a device hears that it is too late
ATTEMPTS = 8
PATIENCE = Backoff(first=timedelta(seconds=5), longest=timedelta(minutes=20))  # for about an hour
log = get_logger(__name__)


@job(queue="logout", attempts=ATTEMPTS, backoff=PATIENCE, history=timedelta(days=1))
async def send_logout(run: JobRun, order: SendLogout) -> None:
    """Tell a client that a sign-in is over."""
    await tell_client(run, order)


@every(timedelta(hours=6))
async def prune_oauth(run: JobRun) -> None:
    """Remove codes and sessions of clients that were over thirty days ago, pushed requests and devices after a day."""
    now = clock.now()
    async with run.application.unit() as uow:
        removed = await GrantService(uow).prune(now - KEPT_FOR)
        removed += await PushedService(uow).prune(now - ANSWERED_FOR)
        removed += await DeviceService(uow).prune(now - ANSWERED_FOR)
    if removed:
        log.info("oauth_pruned", rows=removed)
