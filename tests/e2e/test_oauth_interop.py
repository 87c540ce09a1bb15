"""A client library of somebody else works with our provider in two processes (R-094, R-095, R-096)."""

import pytest

from mainspring.modules.oauth.rows import DEVICE
from mainspring.testing.client import PASSWORD

CALLBACK = "https://app.example.com/callback"
EMAIL = "ada@example.com"
SHOP = {
    "name": "Foreign",
    "kind": "confidential",
    "redirectUris": [CALLBACK],
    "scopes": ["openid", "profile", "email", "own:read"],
}
TELEVISION = {"name": "Television", "kind": "public", "grants": [DEVICE], "scopes": ["own:read"]}


async def prepared(running, manager, wish):
    """A client, a user, and the name of the provider."""
    async with running.client() as http:
        made = (await http.post("/api/v1/oauth-clients", json=wish, headers=manager)).raise_for_status().json()
        who = {"email": EMAIL, "password": PASSWORD, "name": "Ada Lovelace"}
        (await http.post("/api/v1/auth/register", json=who)).raise_for_status()
        issuer = (await http.get("/.well-known/openid-configuration")).raise_for_status().json()["issuer"]
    return issuer, made


@pytest.mark.slow
async def test_a_foreign_client_signs_in_through_us(server, administrator, node):
    running = server(workers=2)
    issuer, made = await prepared(running, await administrator(running.url), SHOP)

    said = node.run("sign_in.mjs", issuer, made["id"], made["clientSecret"], CALLBACK, EMAIL, PASSWORD)

    assert said == {
        "email": EMAIL,
        "acr": "urn:mainspring:acr:single-factor",
        "api": 200,
        "unbound": 401,
        "tokenType": "dpop",
        "active": [True, False],
    }


@pytest.mark.slow
async def test_a_foreign_device_is_let_in_through_us(server, administrator, node):
    running = server(workers=2)
    issuer, made = await prepared(running, await administrator(running.url), TELEVISION)

    said = node.run("device.mjs", issuer, made["id"], EMAIL, PASSWORD)

    assert said == {"words": ["authorization_pending", "slow_down", "invalid_grant"], "email": EMAIL}
