"""Signing out reaches the other side by the back channel, in both directions, with programs that others wrote (ASVS 10.5.5)."""

import asyncio
import json
import socket
import subprocess
import time

import httpx2
import pytest

from mainspring.testing.client import PASSWORD
from tests.integration.modules.oauth.logout_receiver import LogoutReceiver

from .test_oauth_interop import CALLBACK, EMAIL, SHOP, prepared
from .test_social_login import CLIENT, FORM, HIDDEN, SOCIAL, walk

ME = "/api/v1/users/me"
SECONDS = 20.0


async def until(said, seconds=SECONDS):
    """Ask until the answer is yes, or fail."""
    deadline = time.monotonic() + seconds
    while not await said():
        assert time.monotonic() < deadline, "nothing came of it"
        await asyncio.sleep(0.1)


def free_port():
    """A port of loopback that nobody holds now."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]


@pytest.mark.slow
async def test_signing_out_at_a_foreign_provider_ends_the_session_here(server, node):
    port = free_port()
    provider = {"client_id": CLIENT[0], "client_secret": CLIENT[1], "issuer": f"http://127.0.0.1:{port}"}
    url = server(workers=2, env={"SOCIAL__PROVIDERS": json.dumps({"acme": provider})}).url.replace("127.0.0.1", "localhost")
    script = str(node.folder / "provider.mjs")
    hears = f"{url}{SOCIAL}/acme/backchannel-logout"
    command = ["node", script, *CLIENT, f"http://localhost{SOCIAL}/acme/callback", str(port), hears]
    process = subprocess.Popen(
        command, cwd=node.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        issuer = json.loads(process.stdout.readline())["issuer"]
        async with httpx2.AsyncClient(timeout=30) as client:
            found = await walk(client, f"{url}{SOCIAL}/acme/authorize?next=/welcome", "ada")
            session = (await client.post(f"{url}{SOCIAL}/exchange", json={"code": found["code"]})).json()
            bearer = {"Authorization": f"Bearer {session['accessToken']}"}
            assert (await client.get(f"{url}{ME}", headers=bearer)).status_code == 200

            page = await client.get(f"{issuer}/session/end")
            sent = {**dict(HIDDEN.findall(page.text)), "logout": "yes"}
            await client.post(FORM.search(page.text)[1], data=sent)

            async def is_out():
                return (await client.get(f"{url}{ME}", headers=bearer)).status_code == 401

            await until(is_out)
            refreshed = await client.post(f"{url}/api/v1/auth/refresh", json={"refreshToken": session["refreshToken"]})
            assert refreshed.status_code == 401
    finally:
        process.communicate(timeout=30)


@pytest.mark.slow
async def test_a_foreign_library_accepts_what_we_tell_clients(server, administrator, node):
    async with LogoutReceiver() as receiver:
        running = server(workers=2, env={"OUTGOING__ALLOWED_NETWORKS": "127.0.0.0/8", "OUTGOING__PORTS": f"443,{receiver.port}"})
        wish = {**SHOP, "backchannelLogoutUri": receiver.url}
        issuer, made = await prepared(running, await administrator(running.url), wish)
        node.run("sign_in.mjs", issuer, made["id"], made["clientSecret"], CALLBACK, EMAIL, PASSWORD)

        async with running.client() as http:
            session = (await http.post("/api/v1/auth/login", json={"email": EMAIL, "password": PASSWORD})).json()
            bearer = {"Authorization": f"Bearer {session['accessToken']}"}
            (await http.post("/api/v1/auth/logout-all", headers=bearer)).raise_for_status()

        async def is_told():
            return bool(receiver.tokens)

        await until(is_told)
        keys = f"{running.url}/.well-known/jwks.json"
        said = node.run("verify_token.mjs", issuer, made["id"], keys, receiver.tokens[0], "logout+jwt")

    assert said["subject"] == session["user"]["id"]
    assert said["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert said["session"]
