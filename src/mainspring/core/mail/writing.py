"""A message as bytes: RFC 5322 headers and MIME parts."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from .. import clock
from .message import Mailbox, Message


def written(message: Message, sender: Mailbox) -> EmailMessage:
    """The message as RFC 5322 and MIME want it. ASCII only, unless an address itself is not."""
    policy = SMTP if message.to.is_ascii and sender.is_ascii else SMTPUTF8  # RFC 6532, only where there is no other form
    mail = EmailMessage(policy=policy.clone(cte_type="7bit"))
    mail["Message-ID"] = f"<{message.id}@{sender.domain}>"
    mail["Date"] = format_datetime(clock.now())
    mail["From"] = _address(sender)
    mail["To"] = _address(message.to)
    mail["Subject"] = message.subject
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    for name, value in message.headers.items():
        mail[name] = value
    mail.set_content(message.text)
    if message.html is not None:
        mail.add_alternative(message.html, subtype="html")
    return mail


def _address(mailbox: Mailbox) -> Address:
    local, _, domain = mailbox.email.rpartition("@")
    return Address(display_name=mailbox.name, username=local, domain=domain)
