"""Clients and consents over REST, and what clients read first."""

from uuid import uuid4

import pytest
from sqlalchemy import select

from mainspring.core.database import Statement
from mainspring.modules.oauth.models import OAuthClient, OAuthCode

from .browser import CALLBACK, CLIENTS, made, with_token

CONSENTS = "/api/v1/oauth-consents"
HASHES = Statement(select(OAuthClient.secret_hash), str)
CODES = Statement(select(OAuthCode.code_hash), str)


async def test_a_secret_is_shown_once_and_kept_as_a_hash(app, client, manager):
    shown = (await app.as_(manager).get(f"{CLIENTS}/{client.id}")).json()

    assert client.secret.startswith("mcs_")
    assert client.secret not in str(shown)
    assert "clientSecret" not in shown
    code = await client.code(await app.sign_up())
    async with app.application.reading() as uow:
        assert client.secret not in await uow.all(HASHES)
        assert code not in await uow.all(CODES)


async def test_clients_are_listed_shown_and_deleted(app, client, manager):
    tokens = await client.tokens(await app.sign_up())
    listed = (await app.as_(manager).get(CLIENTS)).json()
    assert [one["id"] for one in listed["data"]] == [client.id]
    assert (listed["data"][0]["redirectUris"], listed["data"][0]["kind"]) == ([CALLBACK], "confidential")

    assert (await app.as_(manager).delete(f"{CLIENTS}/{client.id}")).status_code == 204

    assert (await app.as_(manager).get(f"{CLIENTS}/{client.id}")).status_code == 404
    assert (await app.as_(manager).delete(f"{CLIENTS}/{client.id}")).status_code == 404
    assert (await app.get("/api/v1/users/me", headers=with_token(tokens["access_token"]))).status_code == 401
    assert (await client.refresh(tokens["refresh_token"])).json()["error"] == "invalid_client"


async def test_a_rotated_secret_replaces_the_old_one(app, client, phone, manager):
    rotated = (await app.as_(manager).post(f"{CLIENTS}/{client.id}/rotation")).json()

    assert (await client.token(grant_type="refresh_token")).json()["error"] == "invalid_client"
    client.secret = rotated["clientSecret"]
    assert (await client.token(grant_type="refresh_token")).json()["error"] == "invalid_request"
    assert (await app.as_(manager).post(f"{CLIENTS}/{phone.id}/rotation")).json()["error"]["code"] == "oauth.client_is_public"
    assert (await app.as_(manager).post(f"{CLIENTS}/{uuid4()}/rotation")).status_code == 404


ODD = [
    {"redirectUris": []},
    {"grants": []},
    {"grants": ["implicit"]},
    {"grants": ["password"]},
    {"grants": ["refresh_token"], "redirectUris": []},
    {"grants": ["authorization_code", "authorization_code"]},
    {"redirectUris": [CALLBACK, CALLBACK]},
    {"grants": ["client_credentials"], "redirectUris": []},
    {"serviceAccountId": "019b76da-a800-7000-8000-000000000000"},
    {"scopes": ["no-such-scope"]},
    {"name": ""},
    {"name": "a\u202eb"},
    {"kind": "secret"},
    {"secret": "chosen"},
]


@pytest.mark.parametrize("wish", ODD)
async def test_a_client_that_makes_no_sense_is_not_made(app, manager, wish):
    body = {"name": "App", "kind": "confidential", "redirectUris": [CALLBACK], **wish}

    assert (await app.as_(manager).post(CLIENTS, json=body)).status_code == 422


async def test_a_client_acts_as_no_person_and_with_nothing_its_maker_lacks(app, manager):
    maker, person = await app.sign_up(), await app.sign_up()
    await app.grant(maker, "oauth-clients:manage")
    account = (await app.as_(manager).post("/api/v1/service-accounts", json={"name": "Robot", "roles": ["moderator"]})).json()
    wish = {"name": "Robot", "kind": "confidential", "grants": ["client_credentials"], "scopes": ["users:read"]}

    beyond = await app.as_(maker).post(CLIENTS, json={**wish, "serviceAccountId": account["id"]})
    as_person = await app.as_(manager).post(CLIENTS, json={**wish, "serviceAccountId": str(person.id)})

    assert (beyond.status_code, beyond.json()["error"]["code"]) == (403, "access.beyond_own")
    assert (as_person.status_code, as_person.json()["error"]["code"]) == (403, "oauth.not_a_service_account")
    client = await made(app, manager, **{**wish, "redirectUris": [], "serviceAccountId": account["id"]})
    assert (await app.as_(maker).post(f"{CLIENTS}/{client.id}/rotation")).status_code == 403


async def test_people_see_whom_they_let_in_and_take_it_back(app, client):
    user, other = await app.sign_up(), await app.sign_up()
    tokens = await client.tokens(user)
    theirs = await client.tokens(other)

    listed = (await app.as_(user).get(CONSENTS)).json()["data"]
    assert [(one["clientId"], one["clientName"], one["scopes"]) for one in listed] == [
        (client.id, "Shop on the web", ["openid", "own:read"])
    ]
    assert (await app.as_(user).delete(f"{CONSENTS}/{client.id}")).status_code == 204

    assert (await app.get("/api/v1/users/me", headers=with_token(tokens["access_token"]))).status_code == 401
    assert (await app.get("/api/v1/users/me", headers=with_token(theirs["access_token"]))).status_code == 200
    assert (await app.as_(user).get(CONSENTS)).json()["data"] == []
    assert (await app.as_(user).delete(f"{CONSENTS}/{client.id}")).json()["error"]["code"] == "oauth.consent_not_found"


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"])
async def test_clients_find_everything_by_our_name(app, path):
    answer = await app.get(path)
    told = answer.json()

    assert answer.headers["cache-control"] == "public, max-age=300"
    assert told["issuer"] == app.application.settings.jwt_issuer
    assert (told["response_types_supported"], told["code_challenge_methods_supported"]) == (["code"], ["S256"])
    assert told["authorization_response_iss_parameter_supported"] is True
    for name, address in told.items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            method = "GET" if name in ("jwks_uri", "authorization_endpoint", "userinfo_endpoint") else "POST"
            there = await app.request(method, address.removeprefix(app.application.settings.public_url))
            assert there.status_code not in (404, 405), name
