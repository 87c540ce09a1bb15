"""`mainspring api-keys ...` (R-099)."""

import asyncio
import re

import pytest

from tests.integration.modules.command_line import command, live_in


@pytest.fixture
def run(database_url, tmp_path, monkeypatch, capsys):
    live_in(tmp_path, database_url, monkeypatch)
    return command("api-keys", capsys)


async def test_a_key_is_made_listed_and_revoked(app, ada, run, robots):
    made = await run("create", ada.email, "--name", "Robot", "--scope", "own:read", "--expires-in", "2d", "--per-minute", "50")

    assert re.fullmatch(r"msk_test_\w{22}_\w{49}\n", made.stdout), made
    key = made.stdout.strip()
    assert await robots.status(key, "GET", "/users/me") == 200
    line = (await run("list", "--account", ada.email)).stdout
    id, *_ = line.split()
    assert "Robot" in line
    assert "own:read" in line
    assert key not in line
    assert (await run("revoke", id)).returncode == 0
    assert (await run("list")).stdout == ""
    await asyncio.sleep(1.1)  # another process revoked it
    assert await robots.status(key, "GET", "/users/me") == 401


async def test_a_service_account_gets_a_key(app, run, robots):
    account = (await run("service-account", "Billing export", "--role", "user")).stdout.strip()

    key = (await run("create", account, "--name", "Nightly", "--scope", "products:read")).stdout.strip()

    assert account.startswith("billing-export-")
    assert await robots.status(key, "GET", "/products") == 200


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create", "nobody@example.com", "--name", "x"), "There is no account nobody@example.com."),
        (("create", "ada@example.com", "--name", "x", "--scope", "moon:land"), "Permission not found"),
        (("create", "ada@example.com", "--name", "x", "--expires-in", "soon"), "A duration is a number"),
        (("create", "ada@example.com", "--name", "x", "--expires-in", "9000d"), "A key lives at most 365d"),
        (("revoke", "019b76da-a800-7000-8000-000000000000"), "API key not found"),
        (("service-account", ""), "at least 1"),
        (("service-account", "x", "--role", "pilot"), "Role not found"),
    ],
)
async def test_what_goes_wrong_is_said_in_a_sentence(ada, run, arguments, said):
    answer = await run(*arguments)

    assert answer.returncode != 0
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr
