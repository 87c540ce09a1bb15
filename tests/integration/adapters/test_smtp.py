"""Mail over SMTP against a real server: what arrives, what is refused, what is tried again, and what stays secret."""

import asyncio
import base64
from email import message_from_bytes
from email.policy import default

import pytest

from mainspring.adapters.smtp import SmtpMailer
from mainspring.core.errors import Unavailable
from mainspring.core.mail import Mailbox, MailDeferred, MailRefused, Message
from mainspring.core.mail.server import MailServer
from mainspring.core.observability.logs import captured_logs
from mainspring.core.resilience import NotDone

from .mail_servers import authenticator, certificate, post_office, raw_server

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")]
SHOP = Mailbox("shop@example.com", "Shop")
ADA = Mailbox("ada@example.com", "Ada Lovelace")
PASSWORD = "hidden-thing-of-the-post"


def mail(subject="Hello", to=ADA):
    return Message(to, subject, "Hello Ada.\n.\nA line with one dot stands above.\n", "<p>Hello Ada.</p>")


@pytest.fixture
async def mailer_to():
    """Makes mailers, and closes them at the end of the test."""
    made = []

    def make(port, encryption="off", user=None, password=None, seconds=20.0, sender=SHOP):
        made.append(SmtpMailer(MailServer("127.0.0.1", port, encryption, user, password), sender, timeout_seconds=seconds))
        return made[-1]

    yield make
    for mailer in made:
        await mailer.close()


async def test_a_mail_arrives_as_it_was_written(mailer_to):
    message = mail("Grüße")

    async with post_office() as post:
        await mailer_to(post.port).send(message)

    envelope = post.envelopes[0]
    assert (envelope.mail_from, envelope.rcpt_tos) == ("shop@example.com", ["ada@example.com"])
    found = message_from_bytes(envelope.content, policy=default)
    assert found["Subject"] == "Grüße"
    assert found["Message-ID"] == f"<{message.id}@example.com>"
    assert found.get_body(("plain",)).get_content().replace("\r\n", "\n") == message.text


async def test_several_mails_share_one_connection(mailer_to):
    async with post_office() as post:
        mailer = mailer_to(post.port)
        for number in range(5):
            await mailer.send(mail(f"Mail {number}"))

    assert len(post.envelopes) == 5
    assert post.connections == 1


async def test_a_connection_that_the_server_ended_meanwhile_is_replaced(mailer_to):
    async with post_office() as post:
        mailer = mailer_to(post.port)
        await mailer.send(mail("Before"))
        post.hang_up()
        await mailer.send(mail("After"))

    assert len(post.envelopes) == 2
    assert post.connections == 2


async def test_idle_connections_are_given_back(mailer_to, monkeypatch):
    monkeypatch.setattr("mainspring.adapters.smtp.IDLE_SECONDS", 0.05)

    async with post_office() as post:
        await mailer_to(post.port).send(mail())
        for _ in range(200):
            if not post.open:
                break
            await asyncio.sleep(0.02)

        assert post.open == 0


async def test_closing_says_goodbye(mailer_to):
    async with post_office() as post:
        mailer = mailer_to(post.port)
        await mailer.send(mail())
        await mailer.close()

    assert post.lines[-1] == "QUIT\r\n"


@pytest.mark.parametrize(
    ("step", "answer"), [("RCPT", "550 No such mailbox"), ("DATA", "554 This is spam"), ("MAIL", "553 No such sender")]
)
async def test_a_final_no_about_the_mail_is_final(mailer_to, step, answer):
    async with post_office() as post:
        post.answers[step] = [answer]
        mailer = mailer_to(post.port)

        with pytest.raises(MailRefused, match=answer[:3]):
            await mailer.send(mail("Refused"))
        await mailer.send(mail("Taken"))

    assert [message_from_bytes(one.content, policy=default)["Subject"] for one in post.envelopes] == ["Taken"]
    assert post.connections == 1


@pytest.mark.parametrize(
    ("step", "answer", "kind"),
    [
        ("RCPT", "450 Come back in a minute", MailDeferred),
        ("RCPT", "451 Greylisted", MailDeferred),
        ("DATA", "452 Mailbox full", MailDeferred),
        ("MAIL", "421 Too many mails, closing", Unavailable),
        ("MAIL", "530 Authentication required", Unavailable),
    ],
)
async def test_a_no_for_now_can_be_tried_again(mailer_to, step, answer, kind):
    async with post_office() as post:
        post.answers[step] = [answer]
        mailer = mailer_to(post.port)

        with pytest.raises(kind, match=answer[:3]):
            await mailer.send(mail())
        await mailer.send(mail())

    assert len(post.envelopes) == 1


async def test_nobody_is_at_home(mailer_to):
    async with post_office() as post:
        port = post.port

    with pytest.raises(NotDone):
        await mailer_to(port).send(mail())


async def test_a_mail_whose_receipt_was_lost_comes_again_under_the_same_id(mailer_to):
    message = mail()
    async with post_office() as post:

        async def hang_up():
            post.hang_up()
            del post.deeds["DATA"]

        post.deeds["DATA"] = hang_up
        mailer = mailer_to(post.port)
        with pytest.raises(Unavailable):
            await mailer.send(message)
        await mailer.send(message)

    ids = [message_from_bytes(one.content, policy=default)["Message-ID"] for one in post.envelopes]
    assert ids == [f"<{message.id}@example.com>"] * 2


@pytest.mark.parametrize("step", ["MAIL", "RCPT"])
async def test_a_connection_that_breaks_can_be_tried_again(mailer_to, step):
    async with post_office() as post:

        async def hang_up():
            post.hang_up()
            del post.deeds[step]

        post.deeds[step] = hang_up
        mailer = mailer_to(post.port)

        with pytest.raises(Unavailable):
            await mailer.send(mail())
        await mailer.send(mail())

    assert len(post.envelopes) == 1


async def test_a_slow_server_is_left_in_time(mailer_to):
    async with post_office() as post:
        post.deeds["DATA"] = lambda: asyncio.sleep(30)
        mailer = mailer_to(post.port, seconds=0.5)

        with pytest.raises(Unavailable, match="did not answer within"):
            await asyncio.wait_for(mailer.send(mail()), 15)
        del post.deeds["DATA"]
        mailer.timeout_seconds = 20
        await mailer.send(mail())

    assert len(post.envelopes) == 1


@pytest.mark.parametrize("greeting", [b"554 No service here\r\n", b"hello?\r\n", b"", b"220-" + b"x" * 100_000])
async def test_a_strange_greeting_is_no_verdict_about_the_mail(mailer_to, greeting):
    async def talk(reader, writer):
        writer.write(greeting)
        await writer.drain()

    async with raw_server(talk) as port:
        with pytest.raises(Unavailable):
            await mailer_to(port, seconds=5).send(mail())


async def test_a_wrong_password_is_our_mistake_and_stays_secret(mailer_to, tmp_path, monkeypatch):
    path, context = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))

    async with post_office(tls_context=context, authenticator=authenticator("shop", "another"), auth_required=True) as post:
        with captured_logs() as lines, pytest.raises(Unavailable, match="535") as refused:
            await mailer_to(post.port, "required", "shop", PASSWORD).send(mail())

    told = str(lines) + str(refused.value) + repr(refused.value.__cause__)
    assert lines
    for form in (
        PASSWORD,
        base64.b64encode(PASSWORD.encode()).decode(),
        base64.b64encode(f"\0shop\0{PASSWORD}".encode()).decode(),
    ):
        assert form not in told


async def test_a_password_goes_through_tls_only(mailer_to, tmp_path, monkeypatch):
    path, context = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    options = {"authenticator": authenticator("shop", PASSWORD), "auth_required": True}

    async with post_office(tls_context=context, **options) as upgraded:
        await mailer_to(upgraded.port, "required", "shop", PASSWORD).send(mail())
    async with post_office(implicit=context, auth_require_tls=False, **options) as implicit:
        await mailer_to(implicit.port, "implicit", "shop", PASSWORD).send(mail())

    assert upgraded.envelopes
    assert implicit.envelopes


async def test_a_server_without_tls_never_sees_the_password(mailer_to):
    async with post_office(auth_require_tls=False, authenticator=authenticator("shop", PASSWORD)) as post:
        with pytest.raises(Unavailable, match="STARTTLS"):
            await mailer_to(post.port, "required", "shop", PASSWORD).send(mail())

    assert "AUTH" not in "".join(post.lines)


async def test_an_unknown_certificate_is_not_trusted(mailer_to, tmp_path):
    _, context = certificate(tmp_path)

    async with post_office(tls_context=context) as post:
        with pytest.raises(Unavailable, match=r"certificate|CERTIFICATE"):
            await mailer_to(post.port, "required").send(mail())

    assert post.envelopes == []


async def test_an_address_outside_ascii_needs_a_server_that_knows_it(mailer_to):
    message = mail("Grüße", Mailbox("jörg@exämple.de", "Jörg"))

    async with post_office(enable_SMTPUTF8=True) as knows:
        await mailer_to(knows.port).send(message)
    async with post_office() as knows_not:
        mailer = mailer_to(knows_not.port)
        with pytest.raises(MailRefused, match="ASCII"):
            await mailer.send(message)
        await mailer.send(mail())

    assert knows.envelopes[0].rcpt_tos == ["jörg@xn--exmple-cua.de"]
    assert len(knows_not.envelopes) == 1


async def test_a_cancelled_send_leaves_no_half_conversation(mailer_to):
    async with post_office() as post:
        post.deeds["DATA"] = lambda: asyncio.sleep(30)
        mailer = mailer_to(post.port)
        sending = asyncio.create_task(mailer.send(mail("Cancelled")))
        while "DATA\r\n" not in post.lines:
            await asyncio.sleep(0.01)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        del post.deeds["DATA"]

        await mailer.send(mail("Next"))

    assert message_from_bytes(post.envelopes[0].content, policy=default)["Subject"] == "Next"
    assert post.connections == 2
