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
            (envelope,) = await until(lambda: post.envelopes)
        await asyncio.to_thread(running.stop)

    mail = message_from_bytes(envelope.content, policy=default)
    assert envelope.rcpt_tos == ["ada@example.com"]
    assert mail["Subject"] == "Welcome to mainspring, Ada Lovelace"
    assert mail["Message-ID"].endswith("@localhost>")


async def test_the_local_twin_shows_the_welcome_mail(server, tmp_path):
    running = await asyncio.to_thread(server, workers=2)
    async with running.client() as client:
        await client.post("/api/v1/auth/register", json=PERSON)
        (file,) = await until(lambda: list((tmp_path / "data" / "mail").glob("*.eml")))
        page = await client.get(f"/mail/{file.stem}")

    assert "Welcome to mainspring, Ada Lovelace" in page.text
