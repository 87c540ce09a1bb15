"""What organizations do in the background: mailing invitations, and forgetting those that are closed."""

from datetime import timedelta

from mainspring.core.database import UnitOfWork
from mainspring.core.jobs import Backoff, GiveUp, JobRun, cron, job
from mainspring.core.mail import Mailbox, Mailer, MailRefused, Message, MessageRefused
from mainspring.core.mail.templates import TemplateBroken, TemplateMissing, Templates

from .schemas import SendInvitation
from .service import InvitationService


# The order holds no secret: each attempt makes a new one, and the one before opens nothing any more.
@job(
    queue="mail",
    attempts=12,
    timeout=timedelta(minutes=5),
    backoff=Backoff(first=timedelta(seconds=10), longest=timedelta(hours=1)),
    history=timedelta(days=1),
)
async def send_invitation(run: JobRun, order: SendInvitation) -> None:
    """Mail an invitation that is still open."""
    async with run.unit() as uow:
        letter = await InvitationService(uow).letter(order.invitation_id)
    if letter is None:
        return
    values = {
        "email": letter.email,
        "organization": letter.organization,
        "inviter": letter.inviter,
        "role": letter.role,
        "expires_at": letter.expires_at,
        "link": letter.link,
    }
    try:
        words = run.application.resolve(Templates).render("organizations/invitation", values)
        await run.application.resolve(Mailer).send(Message(Mailbox(letter.email), words.subject, words.text, words.html))
    except (TemplateBroken, TemplateMissing, MessageRefused, MailRefused) as fault:
        raise GiveUp(str(fault)) from fault


@cron("52 3 * * *")
async def forget_old_invitations(uow: UnitOfWork) -> None:
    """Delete invitations that were closed, once they count for no limit."""
    await InvitationService(uow).forget_old()
