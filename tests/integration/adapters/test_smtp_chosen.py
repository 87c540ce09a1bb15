"""SMTP_URL chooses the adapter, and its guard keeps a sick mail server from hurting us."""

import asyncio
import sys
from contextlib import asynccontextmanager, suppress

import pytest

from mainspring.adapters.smtp import SmtpMailer
from mainspring.core.application import Application
from mainspring.core.mail import Mailbox, MailDeferred, Mailer, MailRefused, Message
from mainspring.core.mail.folder import MailFolder
from mainspring.core.mail.wiring import CONNECTIONS
from mainspring.core.module import BootRefused
from mainspring.core.resilience import NotDone
from mainspring.core.resilience.breaker import CircuitOpen
from mainspring.testing.databases import settings_for

from .mail_servers import post_office

pytestmark = pytest.mark.anyio


def mail(number=0):
    return Message(Mailbox("ada@example.com"), f"Mail {number}", "Hello.")


@asynccontextmanager
async def mailer_of(folder, **environment):
    """The mailer of an application with these settings, which stops afterwards."""
    application = Application(settings_for(f"sqlite:///{folder}/unused.db", folder, environment), [])
    await application.start()
    try:
        yield application.resolve(Mailer)
    finally:
        await application.stop()


async def test_without_a_server_mail_goes_into_the_folder(tmp_path):
    async with mailer_of(tmp_path) as mailer:
        assert isinstance(mailer, MailFolder)


async def test_a_crowd_takes_a_few_connections_and_stopping_ends_them(tmp_path):
    async def wait():
        await asyncio.sleep(0.01)

    async with post_office() as post:
        post.deeds["DATA"] = wait
        given = {"SMTP_URL": f"smtp://127.0.0.1:{post.port}", "EMAIL_FROM": "Shop <shop@example.com>"}
        async with mailer_of(tmp_path, **given) as mailer:
            assert isinstance(mailer, SmtpMailer)
            await asyncio.gather(*(mailer.send(mail(number)) for number in range(30)))

    assert len(post.envelopes) == 30
    assert {envelope.mail_from for envelope in post.envelopes} == {"shop@example.com"}
    assert post.most_open <= CONNECTIONS
    assert post.lines[-1] == "QUIT\r\n"


async def test_refused_mails_open_no_circuit(tmp_path):
    async with post_office() as post, mailer_of(tmp_path, SMTP_URL=f"smtp://127.0.0.1:{post.port}") as mailer:
        post.answers["RCPT"] = ["550 No such mailbox", "450 Greylisted"] * 10
        for _ in range(10):
            with pytest.raises(MailRefused):
                await mailer.send(mail())
            with pytest.raises(MailDeferred):
                await mailer.send(mail())

        await mailer.send(mail())

        assert len(post.envelopes) == 1


async def test_a_dead_server_is_soon_left_alone(tmp_path):
    async with post_office() as post:
        port = post.port

    async with mailer_of(tmp_path, SMTP_URL=f"smtp://127.0.0.1:{port}") as mailer:
        with pytest.raises(CircuitOpen):
            for _ in range(20):
                with suppress(NotDone):
                    await mailer.send(mail())


async def test_a_missing_library_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "aiosmtplib", None)
    monkeypatch.delitem(sys.modules, "mainspring.adapters.smtp", raising=False)

    with pytest.raises(BootRefused, match=r"pip install 'mainspring\[smtp\]'"):
        async with mailer_of(tmp_path, SMTP_URL="smtp://mail.example"):
            raise AssertionError("it started")
