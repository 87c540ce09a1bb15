"""Sending secret links: offer in a short unit, write and send outside of it. The secret is in the mail and nowhere else."""

from mainspring.core.application import Application
from mainspring.core.errors import Unavailable
from mainspring.core.jobs import GiveUp, JobRun
from mainspring.core.mail import Mailbox, Mailer, MailRefused, Message, MessageRefused
from mainspring.core.mail.ports import MailDeferred
from mainspring.core.mail.templates import TemplateBroken, TemplateMissing, Templates

from ..rows import Letter
from ..service import EmailProofService


async def send_letter(run: JobRun, letter: Letter) -> None:
    """Write it and hand it over. Raises GiveUp when it never can be sent, MailDeferred and Unavailable when it may later."""
    application = run.application
    try:
        message = _written(application, letter)
        await application.resolve(Mailer).send(message)
    except (TemplateBroken, TemplateMissing, MessageRefused, MailRefused) as fault:
        raise GiveUp(str(fault)) from fault
    except (MailDeferred, Unavailable):
        async with run.unit() as uow:
            await EmailProofService(uow).take_back(letter)
        raise


def _written(application: Application, letter: Letter) -> Message:
    values = {"name": letter.name, "link": letter.link, "email": letter.to, **letter.values}
    words = application.resolve(Templates).render(letter.template, values)
    return Message(Mailbox(letter.to, letter.name), words.subject, words.text, words.html)
