"""Mail: what a message is, who carries it, and how its words are made. The local twin writes it to a folder."""

from .message import Mailbox, Message, MessageRefused
from .ports import MailDeferred, Mailer, MailRefused

__all__ = ["MailDeferred", "MailRefused", "Mailbox", "Mailer", "Message", "MessageRefused"]
