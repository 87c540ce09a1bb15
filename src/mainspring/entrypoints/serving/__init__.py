"""The web server: one supervisor, its workers, and the HTTP/1.1 that they speak."""

from functools import partial

from mainspring.core.observability import configure_logs, get_logger
from mainspring.core.settings import Settings

LOG = get_logger(__name__)


def serve(settings: Settings) -> int:
    """Run the web server until a signal ends it; the exit code. Raises BootRefused when it cannot start."""
    from mainspring.entrypoints.http import create_app

    from .handover import take_over
    from .listener import open_listeners
    from .manager import tell_manager
    from .preparation import prepare, settle
    from .supervisor import Supervisor
    from .worker import work

    configure_logs(settings)
    before = take_over()
    application = prepare(settings, alone=before is None)
    program = create_app(application)
    listeners = open_listeners(settings.host, settings.port, settings.workers, before.listeners if before else ())
    host, port = listeners[0].getsockname()[:2]
    settle()

    def tell() -> None:
        LOG.info(
            "started" if before is None else "reloaded",
            address=host,
            port=port,
            environment=settings.app_env,
            workers=settings.workers,
            url=settings.public_url,
        )
        tell_manager("READY=1")

    ending_seconds = (settings.drain_delay + settings.drain_timeout).total_seconds()
    code = Supervisor(listeners, partial(work, application, program), ending_seconds, before).run(tell)
    LOG.info("stopped", exitCode=code)
    return code


def check(settings: Settings) -> None:
    """Prepare everything that `serve` does before it listens. Raises BootRefused when it could not start."""
    from mainspring.entrypoints.http import create_app

    from .preparation import prepare

    configure_logs(settings)
    create_app(prepare(settings, alone=False))
