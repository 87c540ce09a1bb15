"""Mail that leaves with a commit: welcome, templates, refusals, further attempts (R-265, R-285)."""

import pytest
from sqlalchemy import func, select

from mainspring.core.database import Statement
from mainspring.core.errors import Unavailable
from mainspring.core.jobs import GiveUp
from mainspring.core.jobs.models import Job
from mainspring.core.mail import Mailer, MailRefused, MessageRefused
from mainspring.core.mail.templates import TemplateMissing
from mainspring.modules.notifications.service import NotificationService

pytestmark = pytest.mark.anyio
STATES = Statement(select(Job.state).where(Job.name == "notifications.send_email").order_by(Job.id), str)
WAITING = Statement(select(func.count()).select_from(Job).where(Job.finished_at.is_(None)), int)


class FakeServer:
    """A mail server that says what a test wants."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.ids = []

    async def send(self, message):
        self.ids.append(message.id)
        if self.answers and (answer := self.answers.pop(0)) is not None:
            raise answer


@pytest.fixture
def server(application):
    def use(*answers):
        made = FakeServer(*answers)
        application.ports.singleton(Mailer, lambda: made)
        return made

    return use


async def send(application, user, template="notifications/welcome", **values):
    async with application.unit() as uow:
        return await NotificationService(uow).mail(user.id, template, **values)


async def states(application):
    async with application.reading() as uow:
        return await uow.all(STATES)


async def test_whoever_registers_is_welcomed(app, ada, mailed):
    (mail,) = await mailed()

    assert mail.to == "Ada Lovelace <ada@example.com>"
    assert mail.subject == "Welcome to mainspring, Ada Lovelace"
    assert "ada@example.com" in mail.text
    assert mail.html is not None


async def test_demo_people_get_no_mail(app, mailed):
    await app.sign_up("grace.hopper@demo.example")

    assert await mailed() == []


async def test_administrators_get_a_text_of_their_own(app, admin, mailed):
    body = {"email": "new@example.com", "password": "correct horse battery staple", "name": "Grace", "roles": ["admin"]}
    answer = await app.as_(admin).post("/api/v1/admin/users", json=body)

    mails = {mail.to: mail.subject for mail in await mailed()}

    assert answer.status_code == 201, answer.text
    assert mails["Grace <new@example.com>"] == "You administer mainspring"


async def test_nobody_is_welcomed_who_was_not_let_in(app, ada, mailed):
    body = {"email": ada.email, "password": "correct horse battery staple", "name": "Eve"}
    refused = await app.post("/api/v1/auth/register", json=body)

    assert refused.status_code == 409
    assert len(await mailed()) == 1


async def test_registering_waits_for_no_mail(app, application, server):
    post = server()

    await app.sign_up()

    assert post.ids == []
    async with application.reading() as uow:
        assert await uow.value(WAITING) == 2  # the welcome's subscriber and the link that proves the address


async def test_the_message_id_is_the_jobs_and_stays(app, application, ada, server):
    post = server()
    await app.work()
    post.answers = [Unavailable(), None]
    id = await send(application, ada)

    await app.work()  # fails, and waits for its time
    async with application.unit() as uow:
        await uow.run(Statement(Job.__table__.update().values(run_at=Job.created_at)))
    await app.work()

    assert post.ids[-2:] == [id, id]
    assert (await states(application))[-1] == "done"


async def test_a_final_refusal_parks_the_mail(app, application, ada, server):
    await app.work()
    post = server(MailRefused("The mail server refused it: 550 No such mailbox"))
    await send(application, ada)

    with pytest.raises(GiveUp, match="550"):
        await app.work()

    assert len(post.ids) == 1
    assert (await states(application))[-1] == "dead"


async def test_a_template_that_asks_for_more_parks_the_mail(app, application, ada):
    await send(application, ada, "notifications/notification")

    with pytest.raises(GiveUp, match="is undefined"):
        await app.work()


async def test_mistakes_of_the_caller_are_told_at_once(application, ada):
    with pytest.raises(TemplateMissing):
        await send(application, ada, "notifications/lost")
    with pytest.raises(TypeError, match="object"):
        await send(application, ada, thing=object())
    with pytest.raises(MessageRefused):
        async with application.unit() as uow:
            await NotificationService(uow).mail_to("a@b.example\nBcc: c@d.example", "notifications/welcome", name="Eve")


async def test_a_mail_to_somebody_without_an_account(app, application, mailed):
    async with application.unit() as uow:
        values = {"name": "Zoë\r\nBcc: x@example.com", "email": "zoe@example.com"}
        await NotificationService(uow).mail_to("zoe@exämple.com", "notifications/welcome", **values)

    (mail,) = await mailed()

    assert mail.to == '"Zoë Bcc: x@example.com" <zoe@xn--exmple-cua.com>'
    assert "\nBcc:" not in mail.source.partition("\r\n\r\n")[0]


async def test_whoever_left_gets_no_mail(app, application, ada, admin, mailed):
    before = len(await mailed())
    await app.as_(admin).delete(f"/api/v1/users/{ada.id}")

    assert await send(application, ada) is None
    assert len(await mailed()) == before


async def test_a_mail_of_a_rolled_back_request_is_never_sent(app, application, ada, mailed):
    await mailed()

    with pytest.raises(RuntimeError):
        async with application.unit() as uow:
            await NotificationService(uow).mail(ada.id, "notifications/welcome")
            raise RuntimeError

    assert len(await mailed()) == 1
