"""What notifications do in the background: sending mail, and forgetting what was read long ago."""

from datetime import timedelta

from mainspring.core import clock
from mainspring.core.jobs import Backoff, GiveUp, JobRun, cron, job
from mainspring.core.mail import Mailbox, Mailer, MailRefused, Message, MessageRefused
from mainspring.core.mail.templates import TemplateBroken, TemplateMissing, Templates

from .schemas import SendEmail
from .service import NotificationService
from .settings import Settings

AT_ONCE = 1000


# Twenty attempts with these waits take about half a day, as long as a mail server may be away. What was sent is kept for a
# day only, because a mail may hold a link that lets somebody in.
@job(
    queue="mail",
    attempts=20,
    timeout=timedelta(minutes=5),
    backoff=Backoff(first=timedelta(seconds=10), longest=timedelta(hours=1)),
    history=timedelta(days=1),
)
async def send_email(run: JobRun, order: SendEmail) -> None:
    """Write the mail and hand it over, outside any transaction. Its Message-ID is the job's id, so a second one can be told."""
    try:
        words = run.application.resolve(Templates).render(order.template, order.values)
        message = Message(Mailbox(order.to, order.name), words.subject, words.text, words.html, id=run.id)
    except (TemplateBroken, TemplateMissing, MessageRefused) as fault:
        raise GiveUp(str(fault)) from fault
    try:
        await run.application.resolve(Mailer).send(message)
    except MailRefused as refused:
        raise GiveUp(str(refused)) from refused


@cron("23 3 * * *")
async def forget_read(run: JobRun) -> None:
    """Delete what was read longer ago than NOTIFICATIONS__KEEP_READ, a thousand at a time."""
    before = clock.now() - run.application.settings.section(Settings).keep_read
    gone = AT_ONCE
    while gone == AT_ONCE and not run.is_cancelled:
        async with run.unit() as uow:
            gone = await NotificationService(uow).forget_read(before, AT_ONCE)
