"""Mail that leaves a running server: into the folder, or to a real mail server under the id of its job."""

import asyncio
import time
from email import message_from_bytes
from email.policy import default

import pytest

from tests.integration.adapters.mail_servers import post_office

pytestmark = pytest.mark.anyio
PERSON = {"email": "ada@example.com", "password": "correct horse battery staple", "name": "Ada Lovelace"}
SECONDS = 60.0


async def until(happened):
    """Wait until `happened()` answers something, and answer that."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if found := happened():
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("it did not happen")


async def test_the_welcome_mail_reaches_the_mail_server(server):
    async with post_office() as post:
        running = await asyncio.to_thread(server, env={"SMTP_URL": f"smtp://127.0.0.1:{post.port}"})
        async with running.client() as client:
            registered = await client.post("/api/v1/auth/register", json=PERSON)
            assert registered.status_code == 201
            envelopes = await until(lambda: len(post.envelopes) == 2 and post.envelopes)
        await asyncio.to_thread(running.stop)

    mails = [message_from_bytes(envelope.content, policy=default) for envelope in envelopes]
    assert [envelope.rcpt_tos for envelope in envelopes] == [["ada@example.com"]] * 2
    assert {mail["Subject"] for mail in mails} == {
        "Welcome to mainspring, Ada Lovelace",
        "Confirm your e-mail address for mainspring",
    }
    assert all(mail["Message-ID"].endswith("@localhost>") for mail in mails)


async def test_the_local_twin_shows_the_welcome_mail(server, tmp_path):
    running = await asyncio.to_thread(server, workers=2)
    async with running.client() as client:
        await client.post("/api/v1/auth/register", json=PERSON)
        folder = tmp_path / "data" / "mail"
        files = await until(lambda: len(found := list(folder.glob("*.eml"))) == 2 and found)
        pages = [(await client.get(f"/mail/{file.stem}")).text for file in files]

    assert sum("Welcome to mainspring, Ada Lovelace" in page for page in pages) == 1
    assert sum("Confirm your e-mail address" in page for page in pages) == 1
