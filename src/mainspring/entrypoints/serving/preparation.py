"""What happens once before any worker starts: settings, keys, migrations, a fresh runtime.db (ARCHITECTURE 10 e)."""

import asyncio
import gc

from mainspring.core import runtime
from mainspring.core.application import Application, create_application
from mainspring.core.database.migrate import bring_up_to_date
from mainspring.core.mail.wiring import unsent_mail_warning
from mainspring.core.module import BootRefused
from mainspring.core.observability import get_logger
from mainspring.core.observability.metrics import reading as metrics
from mainspring.core.security.keys import KeyRing
from mainspring.core.settings import Settings

LOG = get_logger(__name__)


def prepare(settings: Settings, *, alone: bool = True) -> Application:
    """An application that is ready to be started in every process. Raises BootRefused with one sentence per reason.

    What the processes of the machine share is emptied, unless a server may be running beside this one (`alone` is false).
    """
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise BootRefused(f"DATA_DIR {settings.data_dir} cannot be used: {problem.strerror}.") from None
    application = create_application(settings)
    if KeyRing in application.ports:
        application.resolve(KeyRing)
    asyncio.run(bring_up_to_date(application))
    if alone:
        runtime.empty(settings.data_dir)
        metrics.empty(settings.data_dir / metrics.FOLDER)
    for warning in settings.warnings:
        LOG.warn("setting_without_effect", reason=warning)
    if unsent := unsent_mail_warning(settings):
        LOG.warn("mail_is_not_sent", reason=unsent)
    return application


def settle() -> None:
    """Move everything made so far out of the garbage collector's sight, so that forked workers share its memory."""
    gc.collect()
    gc.freeze()
    gc.enable()
