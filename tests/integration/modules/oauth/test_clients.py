"""Clients and consents over REST, and what clients read first."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from mainspring.core.database import Statement
from mainspring.core.personal_data import collected
from mainspring.modules.oauth.models import OAuthClient, OAuthCode, OAuthConsent
from mainspring.modules.users.service import UserService

from .browser import CALLBACK, CLIENTS, made, with_token

CONSENTS = "/api/v1/oauth-consents"
OTHER = "https://app.example.com/other"
HASHES = Statement(select(OAuthClient.secret_hash), str)
WHO = Statement(select(OAuthConsent.user_id), UUID)
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


async def test_a_client_changes_in_what_is_named(app, client, manager):
    path = f"{CLIENTS}/{client.id}"
    before = await app.as_(manager).get(path)

    changed = await app.as_(manager).patch(
        path, json={"name": "Shop", "redirectUris": [OTHER]}, headers={"If-Match": before.headers["etag"]}
    )

    assert changed.json() == {**before.json(), "name": "Shop", "redirectUris": [OTHER], "updatedAt": changed.json()["updatedAt"]}
    assert "location" not in (await app.get(client.request())).headers, "the old address leads nowhere"
    client.redirect_uri = OTHER
    assert await client.code(await app.sign_up())
    stale = await app.as_(manager).patch(path, json={"name": "x"}, headers={"If-Match": before.headers["etag"]})
    assert stale.status_code == 412


MISFITS = [
    {"redirectUris": ["http://app.example.com/"]},
    {"postLogoutRedirectUris": ["http://app.example.com/"]},
    {"redirectUris": []},
    {"grants": ["client_credentials"]},
    {"grants": ["refresh_token"]},
    {"scopes": ["no-such-scope"]},
    {"kind": "public"},
    {"name": ""},
]


@pytest.mark.parametrize("wish", MISFITS)
async def test_a_change_that_makes_no_sense_is_refused(app, client, manager, wish):
    before = (await app.as_(manager).get(f"{CLIENTS}/{client.id}")).json()

    answer = await app.as_(manager).patch(f"{CLIENTS}/{client.id}", json=wish)

    assert answer.status_code == 422
    assert (await app.as_(manager).get(f"{CLIENTS}/{client.id}")).json() == before


async def test_scopes_and_grants_that_are_taken_away_count_from_the_next_refresh_on(app, client, manager):
    tokens = await client.tokens(await app.sign_up())
    await app.as_(manager).patch(f"{CLIENTS}/{client.id}", json={"scopes": ["openid"]})

    narrowed = (await client.refresh(tokens["refresh_token"])).json()

    assert narrowed["scope"] == "openid"
    await app.as_(manager).patch(f"{CLIENTS}/{client.id}", json={"grants": ["authorization_code"]})
    assert (await client.refresh(narrowed["refresh_token"])).json()["error"] == "unauthorized_client"


async def test_nobody_gives_a_client_of_a_service_account_more_than_he_has(app, manager):
    maker = await app.sign_up()
    await app.grant(maker, "oauth-clients:manage")
    account = (await app.as_(manager).post("/api/v1/service-accounts", json={"name": "Robot", "roles": ["moderator"]})).json()
    wish = {"grants": ["client_credentials"], "redirectUris": [], "scopes": [], "serviceAccountId": account["id"]}
    client = await made(app, manager, **wish)

    beyond = await app.as_(maker).patch(f"{CLIENTS}/{client.id}", json={"scopes": ["users:read"]})

    assert beyond.status_code == 403


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


async def test_what_people_allowed_goes_along_with_them_and_with_their_account(app, client):
    user, other = await app.sign_up(), await app.sign_up()
    await client.tokens(user)
    await client.tokens(other)

    told = (await collected(app.application, user.id))["oauth"]["consents"]
    async with app.application.unit() as uow:
        await UserService(uow).erase(user.id)
    await app.work()

    assert [(one["client_name"], one["scopes"]) for one in told] == [("Shop on the web", ["openid", "own:read"])]
    async with app.application.reading() as uow:
        assert await uow.all(WHO) == [other.id]


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
