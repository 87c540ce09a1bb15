"""The web server: one supervisor, its workers, and the HTTP/1.1 that they speak."""

from functools import partial

from mainspring.core.observability import configure_logs, get_logger
from mainspring.core.settings import Settings

LOG = get_logger(__name__)


def serve(settings: Settings) -> int:
    """Run the web server until a signal ends it; the exit code. Raises BootRefused when it cannot start."""
    from mainspring.entrypoints.http import create_app

    from .listener import open_listeners
    from .preparation import prepare, settle
    from .supervisor import Supervisor
    from .worker import work

    configure_logs(settings)
    application = prepare(settings)
    program = create_app(application)
    listeners = open_listeners(settings.host, settings.port, settings.workers)
    host, port = listeners[0].getsockname()[:2]
    settle()

    def tell() -> None:
        LOG.info(
            "started", address=host, port=port, environment=settings.app_env, workers=settings.workers, url=settings.public_url
        )

    code = Supervisor(listeners, partial(work, application, program), settings.drain_timeout.total_seconds()).run(tell)
    LOG.info("stopped", exitCode=code)
    return code
