"""What happens at a start to a database that is behind (R-212, R-229)."""

from typing import TYPE_CHECKING

from ...errors import Unavailable
from ...module import BootRefused
from ...observability.logs import get_logger
from .migrations import MigrationFailed, Migrations

if TYPE_CHECKING:
    from ...application import Application

LOG = get_logger(__name__)


async def bring_up_to_date(application: "Application") -> None:
    """Run what is pending where we may: embedded, and in development. Raises BootRefused for a database that is behind
    elsewhere, and for one that cannot be reached."""
    settings, migrations = application.settings, Migrations(application)
    try:
        if settings.is_embedded or settings.app_env == "development":
            for done in await migrations.up():
                LOG.info("migrated", version=done)
        else:
            await migrations.check()
    except (Unavailable, MigrationFailed) as problem:
        raise BootRefused(str(problem)) from None
