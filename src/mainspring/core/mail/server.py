"""Which mail server the settings name, and who the mail is from."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote, urlsplit

from .message import Mailbox, MessageRefused

if TYPE_CHECKING:
    from ..settings import Settings

SMTPS_PORT = 465
SUBMISSION_PORT = 587
LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))

Encryption = Literal["implicit", "required", "offered", "off"]


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in. `encryption` is TLS from the first byte, STARTTLS that must or may be there, or none."""

    host: str
    port: int
    encryption: Encryption
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def mail_server(settings: "Settings") -> MailServer | None:
    """The server of SMTP_URL or EMAIL_HOST; None when there is none. Raises ValueError with what is wrong."""
    if settings.smtp_url is not None:
        return _of_url(settings.smtp_url.get_secret_value(), settings.email_tls)
    if settings.email_host is None:
        return None
    password = settings.email_password.get_secret_value() if settings.email_password else None
    implicit = settings.email_port == SMTPS_PORT
    encryption = _encryption(settings.email_host, implicit, password is not None, settings.email_tls)
    return MailServer(settings.email_host, settings.email_port, encryption, settings.email_user, password)


def sender_of(settings: "Settings") -> Mailbox:
    """Who mail is from: EMAIL_FROM, else the account at the mail server, else no-reply at the host of PUBLIC_URL.

    Raises MessageRefused when EMAIL_FROM is no address.
    """
    if settings.email_from:
        return Mailbox.parse(settings.email_from)
    if settings.email_user and "@" in settings.email_user:
        return Mailbox(settings.email_user, settings.service_name)
    host = urlsplit(settings.public_url).hostname or "localhost"
    is_address = ":" in host or host.rpartition(".")[2].isdigit()  # an IP address is no domain of mail
    return Mailbox(f"no-reply@{'localhost' if is_address else host}", settings.service_name)


def about_mail(settings: "Settings") -> list[str]:
    """One sentence for each mistake in the settings of mail."""
    problems = []
    if settings.smtp_url is not None and settings.email_host is not None:
        problems.append("SMTP_URL and EMAIL_HOST are both set. Keep one form.")
    if settings.smtp_url is None and settings.email_host is None and (settings.email_user or settings.email_password):
        problems.append("EMAIL_HOST is missing beside EMAIL_USER and EMAIL_PASSWORD.")
    if settings.email_host is not None and (settings.email_user is None) != (settings.email_password is None):
        problems.append("EMAIL_USER and EMAIL_PASSWORD belong together; one of them is missing.")
    try:
        mail_server(settings)
    except ValueError as problem:
        problems.append(str(problem))
    try:
        sender_of(settings)
    except MessageRefused:
        problems.append("EMAIL_FROM must be an address, such as Shop <shop@example.com>.")
    return problems


def _of_url(url: str, wanted: str) -> MailServer:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("SMTP_URL is no URL; it looks like smtp://user:password@host:587.") from None
    if parts.scheme not in ("smtp", "smtps") or not host or parts.path not in ("", "/") or parts.query:
        raise ValueError("SMTP_URL must look like smtp://user:password@host:587, or smtps://... for TLS from the first byte.")
    if (parts.username is None) != (parts.password is None):
        raise ValueError("SMTP_URL names a user without a password, or a password without a user.")
    implicit = parts.scheme == "smtps" or port == SMTPS_PORT
    user = unquote(parts.username) if parts.username is not None else None
    password = unquote(parts.password) if parts.password is not None else None
    encryption = _encryption(host, implicit, password is not None, wanted)
    return MailServer(host, port or (SMTPS_PORT if implicit else SUBMISSION_PORT), encryption, user, password)


def _encryption(host: str, implicit: bool, has_password: bool, wanted: str) -> Encryption:
    """A password never crosses a network in the clear, unless EMAIL_TLS=off says so."""
    if wanted == "off":
        return "off"
    if implicit:
        return "implicit"
    return "required" if wanted == "required" or (has_password and host not in LOOPBACK) else "offered"
