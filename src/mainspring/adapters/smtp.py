"""Mail over SMTP with aiosmtplib (R-285). A connection is kept for the next mails, and closed when none comes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from mainspring.core import clock
from mainspring.core.errors import MainspringError, Unavailable
from mainspring.core.mail.message import Mailbox, Message
from mainspring.core.mail.ports import MailDeferred, MailRefused
from mainspring.core.mail.server import MailServer
from mainspring.core.mail.writing import written
from mainspring.core.observability.logs import get_logger
from mainspring.core.resilience import NotDone

IDLE_SECONDS = 30.0  # RFC 5321 lets a server wait for minutes; we do not make it
MAILS_PER_CONNECTION = 100
SAID = 200  # characters of a server's words that are worth keeping
ABOUT_THE_MAIL = (SMTPSenderRefused, SMTPRecipientRefused, SMTPDataError)
ABOUT_EVERY_MAIL = frozenset((421, 500, 501, 502, 503, 504, 530, 534, 535, 538))  # closing, or a mistake in our settings
LATER_SECONDS = 60.0
log = get_logger(__name__)


@dataclass(slots=True)
class Line:
    """One open connection: how many mails it carried, and when the last one went."""

    client: SMTP
    mails: int = 0
    idle_since: float = 0.0


class SmtpMailer:
    """Hands mails to one server, each within the time-out. How many go at once is for its guard to say (core/mail/wiring.py)."""

    def __init__(self, server: MailServer, sender: Mailbox, *, timeout_seconds: float) -> None:
        self.server = server
        self.sender = sender
        self.timeout_seconds = timeout_seconds
        self._idle: list[Line] = []
        self._sweeper: asyncio.TimerHandle | None = None

    async def send(self, message: Message) -> None:
        """Return once the server has taken the mail.

        Raises MailRefused for its final no, MailDeferred for its "later", NotDone when there was no connection, and Unavailable.
        """
        content = written(message, self.sender).as_bytes()
        try:
            async with asyncio.timeout(self.timeout_seconds), self._line() as line:
                await self._hand_over(line.client, message, content)
        except TimeoutError as late:
            raise self._failed(Unavailable, f"it did not answer within {self.timeout_seconds:g} s") from late
        except (OSError, SMTPException) as failure:
            raise self._judged(failure, message.id) from failure
        log.info("mail_sent", mailId=str(message.id), server=self.server.host)

    async def close(self) -> None:
        """Say goodbye on every open connection."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        lines, self._idle = self._idle, []
        for line in lines:
            with contextlib.suppress(OSError, SMTPException, TimeoutError):  # it is closed either way
                async with asyncio.timeout(1):
                    await line.client.quit()
            line.client.close()

    async def _hand_over(self, client: SMTP, message: Message, content: bytes) -> None:
        options = [] if message.to.is_ascii and self.sender.is_ascii else ["SMTPUTF8"]
        await client.sendmail(self.sender.email, [message.to.email], content, mail_options=options)

    @contextlib.asynccontextmanager
    async def _line(self) -> AsyncIterator[Line]:
        """A connection that answers. It is kept afterwards, also when the server refused this mail: it will take others."""
        line = await self._living() or Line(await self._connected())
        try:
            yield line
        except SMTPAuthenticationError:
            line.client.close()
            raise
        except (SMTPResponseException, SMTPRecipientsRefused, SMTPNotSupported):
            self._keep(line)
            raise
        except BaseException:
            line.client.close()  # nobody knows where in the conversation it stands
            raise
        self._keep(line)

    async def _living(self) -> Line | None:
        """A kept connection that the server has not ended meanwhile; RSET asks without sending anything."""
        while self._idle:
            line = self._idle.pop()
            try:
                await line.client.rset()
            except (OSError, SMTPException):
                line.client.close()
            except BaseException:
                line.client.close()
                raise
            else:
                return line
        return None

    async def _connected(self) -> SMTP:
        server = self.server
        client = SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.encryption == "implicit",
            start_tls={"required": True, "offered": None}.get(server.encryption, False),
            local_hostname=self.sender.domain if "." in self.sender.domain else "localhost",
            timeout=self.timeout_seconds,
        )
        await client.connect()
        return client

    def _keep(self, line: Line) -> None:
        line.mails += 1
        if line.mails >= MAILS_PER_CONNECTION or not line.client.is_connected:
            line.client.close()
            return
        line.idle_since = clock.monotonic()
        self._idle.append(line)
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._sweep)

    def _sweep(self) -> None:
        """Close what nobody used for a while, and look again later if some is left."""
        self._sweeper = None
        now = clock.monotonic()
        for line in [line for line in self._idle if now - line.idle_since >= IDLE_SECONDS]:
            self._idle.remove(line)
            line.client.close()
        if self._idle:
            self._sweeper = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._sweep)

    def _judged(self, failure: Exception, id: UUID) -> MainspringError:
        """What the server's answer is about: this mail for good, this mail for now, or something that concerns every mail."""
        if isinstance(failure, SMTPRecipientsRefused):
            failure = failure.recipients[0]
        if isinstance(failure, SMTPNotSupported):
            return MailRefused("The mail server does not take addresses outside ASCII.")
        if isinstance(failure, SMTPConnectError):
            return self._failed(NotDone, str(failure))
        if not isinstance(failure, SMTPResponseException):
            return self._failed(Unavailable, f"{type(failure).__name__}: {failure}")
        said = f"{failure.code} {failure.message}"[:SAID]
        if not isinstance(failure, ABOUT_THE_MAIL) or failure.code in ABOUT_EVERY_MAIL or not 400 <= failure.code < 600:
            return self._failed(Unavailable, f"it answered {said}")
        log.warn("mail_refused", mailId=str(id), server=self.server.host, answer=said, final=failure.code >= 500)
        if failure.code >= 500:
            return MailRefused(f"The mail server refused it: {said}")
        return MailDeferred(f"The mail server wants it later: {said}", retry_after=LATER_SECONDS)

    def _failed(self, kind: type[Unavailable], reason: str) -> Unavailable:
        log.warn("mail_server_failed", server=self.server.host, port=self.server.port, reason=reason)
        return kind(f"The mail server {self.server.host} did not take the mail: {reason}.")
