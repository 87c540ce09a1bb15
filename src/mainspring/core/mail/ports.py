"""What the application asks of whoever carries its mail."""

from typing import Protocol

from ..errors import Invalid, TooManyRequests
from .message import Message


class MailRefused(Invalid):
    """The mail server will never take this mail: an unknown mailbox, a forbidden content. Trying again is of no use."""

    code, message = "mail.refused", "The mail server refused the mail."


class MailDeferred(TooManyRequests):
    """The server answers, but takes this mail only later: greylisting, a full mailbox. It is no fault of the server."""

    code, message = "mail.deferred", "The mail server wants the mail later."


class Mailer(Protocol):
    """Hands a message over to be carried. Never call it inside a unit of work: it waits for the world."""

    async def send(self, message: Message) -> None:
        """Return once the message is in other hands.

        Raises MailRefused when it never will be; MailDeferred or Unavailable when a later attempt may succeed.
        """
        ...
