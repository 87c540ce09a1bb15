"""`mainspring oauth clients ...`."""

import asyncio
import os
from dataclasses import dataclass

import pytest

from mainspring.entrypoints import cli
from mainspring.modules.api_keys.schemas import CreateServiceAccount
from mainspring.modules.api_keys.service import ServiceAccounts
from mainspring.testing.databases import environment_of_tests

from .browser import Client

KEPT = ("PATH", "HOME", "LANG", "TMPDIR")


@dataclass(frozen=True, slots=True)
class Said:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(database_url, tmp_path, monkeypatch, capsys):
    for name in [name for name in os.environ if name not in KEPT]:
        monkeypatch.delenv(name)
    for name, value in (environment_of_tests() | {"DATABASE_URL": database_url, "DATA_DIR": str(tmp_path / "cli")}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)

    async def command(*arguments: str) -> Said:
        code = await asyncio.to_thread(cli.run, ["oauth", "clients", *arguments])  # it has an event loop of its own
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return command


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
