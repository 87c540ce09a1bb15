"""`mainspring oauth clients ...`."""

import pytest

from mainspring.modules.api_keys.schemas import CreateServiceAccount
from mainspring.modules.api_keys.service import ServiceAccounts
from tests.integration.modules.command_line import command, live_in

from .browser import Client


@pytest.fixture
def run(database_url, tmp_path, monkeypatch, capsys):
    live_in(tmp_path, database_url, monkeypatch)
    oauth = command("oauth", capsys)
    return lambda *arguments: oauth("clients", *arguments)


async def test_a_client_is_made_shown_rotated_and_deleted(app, run):
    callback = "https://app.example.com/callback"
    made = await run("create", "Shop", "--redirect-uri", callback, "--scope", "openid")
    id, secret = made.stdout.split()
    client = Client(app, id, secret)

    assert (await client.tokens(await app.sign_up(), "openid"))["refresh_token"]
    shown, listed = (await run("show", id)).stdout, (await run("list")).stdout
    assert callback in shown
    assert id in listed
    assert secret not in shown + listed
    assert (await run("update", id, "--name", "Bazaar", "--redirect-uri", "http://127.0.0.1/")).returncode == 0
    changed = (await run("show", id)).stdout
    assert all(words in changed for words in ("Bazaar", "http://127.0.0.1/", "openid"))
    assert (await run("update", id, "--backchannel-logout-uri", "https://app.example.com/bye")).returncode == 0
    assert "https://app.example.com/bye" in (await run("show", id)).stdout
    assert (await run("update", id, "--backchannel-logout-uri", "https://10.0.0.1/")).returncode != 0
    assert (await run("update", id, "--backchannel-logout-uri", "")).returncode == 0
    assert "/bye" not in (await run("show", id)).stdout
    assert (await run("update", id, "--grant", "client_credentials")).returncode != 0
    rotated = (await run("rotate-secret", id)).stdout.split()
    assert rotated[0] == id
    assert (await client.token(grant_type="refresh_token")).json()["error"] == "invalid_client"
    client.secret = rotated[1]
    assert (await client.token(grant_type="refresh_token")).json()["error"] == "invalid_request"
    assert (await run("delete", id)).returncode == 0
    assert (await client.token(grant_type="refresh_token")).json()["error"] == "invalid_client"
    assert (await run("list")).stdout == ""


async def test_a_public_client_has_no_secret_and_a_wrong_wish_is_told(run):
    made = await run("create", "Phone", "--public", "--redirect-uri", "http://127.0.0.1/callback", "--scope", "openid")

    assert len(made.stdout.split()) == 1
    assert (await run("rotate-secret", made.stdout.strip())).returncode != 0
    assert (await run("create", "Nothing")).returncode != 0
    assert (await run("create", "Odd", "--redirect-uri", "javascript:alert(1)")).returncode != 0


async def test_a_client_of_a_service_account_acts_by_itself(app, run):
    async with app.application.unit() as uow:
        account = (await ServiceAccounts(uow).create(None, CreateServiceAccount(name="Export", roles=["user"]))).user.email
    id, secret = (await run("create", "Export", "--service-account", account, "--scope", "products:read")).stdout.split()

    answer = await Client(app, id, secret).token(grant_type="client_credentials")

    assert (answer.status_code, answer.json()["scope"]) == (200, "products:read")
