"""A client library of somebody else signs in through us, calls the API with DPoP, refreshes and revokes (R-096).

The library comes from npm, in the version that tests/interop/package-lock.json pins by its digest.
"""

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from mainspring.testing.client import PASSWORD

INTEROP = Path(__file__).parents[1] / "interop"
CALLBACK = "https://app.example.com/callback"
EMAIL = "ada@example.com"


async def run(*command: str, folder: Path) -> str:
    """The output of a command. Raises AssertionError with what it said when it fails."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said = (await asyncio.wait_for(process.communicate(), 120))[0].decode()
    assert process.returncode == 0, said
    return said


@pytest.mark.slow
async def test_a_foreign_client_signs_in_through_us(server, administrator, tmp_path):
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not on this machine, so no foreign client can be asked")
    for name in ("package.json", "package-lock.json", "sign_in.mjs"):
        shutil.copy(INTEROP / name, tmp_path / name)
    await run(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", folder=tmp_path)
    running = server(workers=2)
    manager = await administrator(running.url)
    wish = {
        "name": "Foreign",
        "kind": "confidential",
        "redirectUris": [CALLBACK],
        "scopes": ["openid", "profile", "email", "own:read"],
    }
    async with running.client() as http:
        made = (await http.post("/api/v1/oauth-clients", json=wish, headers=manager)).raise_for_status().json()
        who = {"email": EMAIL, "password": PASSWORD, "name": "Ada Lovelace"}
        (await http.post("/api/v1/auth/register", json=who)).raise_for_status()
        issuer = (await http.get("/.well-known/openid-configuration")).raise_for_status().json()["issuer"]

    arguments = (issuer, made["id"], made["clientSecret"], CALLBACK, EMAIL, PASSWORD)
    said = await run(node, "sign_in.mjs", *arguments, folder=tmp_path)

    assert json.loads(said) == {"email": EMAIL, "api": 200, "tokenType": "dpop", "active": [True, False]}
