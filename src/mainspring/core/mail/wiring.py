"""Which mailer the settings choose, and what its templates know."""

from datetime import timedelta
from typing import TYPE_CHECKING

from ..adapters import adapter
from ..resilience import Policy, guarded
from .folder import MailFolder
from .ports import Mailer
from .server import MailServer, mail_server, sender_of
from .templates import Templates

if TYPE_CHECKING:
    from ..application import Application
    from ..settings import Settings

CONNECTIONS = 4  # of one process: mail servers count connections of a client, and many allow ten
WAITING = 256  # more jobs than a process runs at once, so that none is shed
MARGIN = timedelta(seconds=5)  # the adapter gives up first, because it knows why
NOT_SENT = (
    "SMTP_URL is not set, so no mail leaves this machine: it is written to DATA_DIR/mail. "
    "Set SMTP_URL=smtp://user:password@host:587 to send it."
)


def register_mail(application: "Application") -> None:
    """Register the mailer, its folder and the templates; each is made at its first use."""
    settings, singleton = application.settings, application.ports.singleton
    singleton(MailFolder, lambda: MailFolder(settings.data_dir, sender_of(settings)))
    singleton(Templates, lambda: _templates(application))
    singleton(Mailer, lambda: _mailer(application))


def unsent_mail_warning(settings: "Settings") -> str | None:
    """What production says at each start while it has no mail server."""
    return NOT_SENT if settings.is_production and mail_server(settings) is None else None


def _mailer(application: "Application") -> Mailer:
    server = mail_server(application.settings)
    if server is None:
        return application.resolve(MailFolder)
    timeout = application.settings.email_timeout
    policy = Policy("mail", timeout=timeout + MARGIN, deadline=3 * timeout, concurrency=CONNECTIONS, queue=WAITING)
    return guarded(_smtp, policy)(application, server)


def _smtp(application: "Application", server: MailServer) -> Mailer:
    settings = application.settings
    make = adapter("smtp:SmtpMailer", extra="smtp")
    made = make(server, sender_of(settings), timeout_seconds=settings.email_timeout.total_seconds())
    application.on_stop(made.close)
    mailer: Mailer = made
    return mailer


def _templates(application: "Application") -> Templates:
    settings = application.settings
    common = {"service_name": settings.service_name, "public_url": settings.public_url}
    return Templates(application.modules, common, settings.templates_dir, reload=not settings.is_production)
