"""Token keys rotate under a running server with two processes: nobody restarts it, nobody is signed out (R-066, D-02)."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from joserfc import jws

from mainspring.testing.client import PASSWORD
from mainspring.testing.databases import environment_of_tests
from mainspring.testing.servers import KEPT

KEYS_OF_THE_DATABASE = {"JWT_PRIVATE_KEY": "", "JWT_PUBLIC_KEY": "", "JWT_ALGORITHM": "EdDSA"}
SETTLED = 12  # answers in a row, each over a connection of its own, so that both processes have given one
ADA = {"email": "ada@example.com", "password": PASSWORD}


@pytest.fixture
def keys(database_url, tmp_path):
    """Runs `mainspring keys ...` on the database of the server; the words that it prints."""
    given = {name: os.environ[name] for name in KEPT if name in os.environ} | environment_of_tests() | KEYS_OF_THE_DATABASE
    given |= {"DATABASE_URL": database_url, "DATA_DIR": str(tmp_path / "data")}
    program = Path(sys.executable).with_name("mainspring")

    async def run(*arguments):
        command = [str(program), "keys", *arguments]
        done = await asyncio.to_thread(
            subprocess.run, command, env=given, cwd=tmp_path, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    return run


async def everywhere(ask, wanted):
    """Wait until every process answers so."""
    ends, in_a_row = time.monotonic() + 30, 0
    while in_a_row < SETTLED:
        answer = await ask()
        in_a_row = in_a_row + 1 if answer == wanted else 0
        assert time.monotonic() < ends, f"{answer} and not {wanted}"
        if not in_a_row:
            await asyncio.sleep(0.2)


@pytest.mark.slow
async def test_keys_change_under_a_running_server(server, keys):
    running = server(workers=2, env=KEYS_OF_THE_DATABASE | {"RATE_LIMITS": "off"})
    async with running.client() as client:
        client.headers["Connection"] = "close"
        await client.post("/api/v1/auth/register", json=ADA | {"name": "Ada"})

        async def token():
            return (await client.post("/api/v1/auth/login", json=ADA)).json()["accessToken"]

        async def signed_by():
            return jws.extract_compact((await token()).encode()).headers()["kid"]

        async def published():
            return [key["kid"] for key in (await client.get("/.well-known/jwks.json")).json()["keys"]]

        async def accepted(text):
            return (await client.get("/api/v1/users/me", headers={"Authorization": f"Bearer {text}"})).status_code

        first, old = await token(), await signed_by()
        waiting = (await keys("rotate"))[0]
        await everywhere(published, [old, waiting])
        assert await signed_by() == old  # it is seen before it signs

        hurried = (await keys("rotate", "--now"))[0]
        await everywhere(signed_by, hurried)
        assert await accepted(first) == 200
        await everywhere(published, [hurried, waiting, old])

        await keys("retire", hurried, "--leaked")
        bad = await token()
        await everywhere(lambda: accepted(bad), 401 if jws.extract_compact(bad.encode()).headers()["kid"] == hurried else 200)
        assert await accepted(first) == 200
        assert hurried not in await published()
        assert await signed_by() not in (hurried, waiting, old)
