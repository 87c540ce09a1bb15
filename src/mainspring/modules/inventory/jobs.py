"""What inventory does by the clock."""

from datetime import timedelta

from mainspring.core.jobs import JobRun, every

from .service import AT_ONCE, InventoryService


@every(timedelta(seconds=30))
async def release_expired(run: JobRun) -> None:
    """Put back what was set aside for too long, a few hundred at a time, so that no buyer waits for it."""
    released = AT_ONCE
    while released >= AT_ONCE and not run.is_cancelled:
        async with run.unit() as uow:
            released = await InventoryService(uow).release_expired()
