"""What the trail needs done in the background, beside being chained."""

from .. import clock
from ..application import Application
from ..jobs.declaring import cron, job
from .pruning import Pruner
from .seals import Seals


@job(queue="upkeep")
@cron("23 4 * * *")
async def prune_trail(application: Application) -> None:
    """Remove rows older than AUDIT__RETENTION, and checkpoints that newer ones replace."""
    retention = application.settings.audit.retention
    for database in application.databases.values():
        pruner = Pruner(database, application.resolve(Seals))
        if retention is not None:
            await pruner.prune(clock.now() - retention)
        await pruner.thin()
