"""The token endpoint and what is asked about tokens (RFC 6749 5, RFC 7009, RFC 7662)."""

import asyncio
from base64 import b64encode

import pytest

from .browser import made, with_token

ME = "/api/v1/users/me"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def environment():
    return {"REFRESH_GRACE": "0s"}


async def test_refreshing_turns_the_tokens_and_keeps_who_signed_in(app, client):
    tokens = await client.tokens(await app.sign_up())

    answer = await client.refresh(tokens["refresh_token"])

    assert answer.status_code == 200, answer.text
    after = answer.json()
    assert after["refresh_token"] != tokens["refresh_token"]
    assert (after["scope"], "id_token" in after) == ("openid own:read", True)
    assert (await app.get(ME, headers=with_token(after["access_token"]))).status_code == 200


async def test_a_refresh_token_that_comes_again_ends_the_family(app, client):
    tokens = await client.tokens(await app.sign_up())
    after = (await client.refresh(tokens["refresh_token"])).json()

    again = await client.refresh(tokens["refresh_token"])

    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert (await client.refresh(after["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await app.get(ME, headers=with_token(after["access_token"]))).status_code == 401


@pytest.mark.parametrize("round_", range(3))
async def test_one_refresh_token_is_turned_once(app, client, round_):
    tokens = await client.tokens(await app.sign_up())

    answers = await asyncio.gather(*(client.refresh(tokens["refresh_token"]) for _ in range(50)))

    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 49


async def test_another_client_gets_nothing_for_it_and_ends_nothing(app, client, manager):
    tokens = await client.tokens(await app.sign_up())
    thief = await made(app, manager, name="Thief")

    assert (await thief.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await thief.ask("/oauth/revoke", token=tokens["refresh_token"])).status_code == 200
    assert (await thief.ask("/oauth/introspect", token=tokens["refresh_token"])).json() == {"active": False}
    assert (await client.refresh(tokens["refresh_token"])).status_code == 200


async def test_fewer_scopes_may_be_asked_for_and_never_more(app, client):
    tokens = await client.tokens(await app.sign_up(), "openid own:read")

    more = await client.refresh(tokens["refresh_token"], scope="openid own:read own:write")
    fewer = await client.refresh(tokens["refresh_token"], scope="own:read")

    assert (more.status_code, more.json()["error"]) == (400, "invalid_scope")
    assert (fewer.json()["scope"], "id_token" in fewer.json()) == ("own:read", False)


async def test_nobody_gets_beyond_what_the_user_holds(app, client, manager):
    client = await made(app, manager, name="Greedy", scopes=["users:read", "own:read"])
    tokens = await client.tokens(await app.sign_up(), "users:read own:read")

    assert (await app.get("/api/v1/users", headers=with_token(tokens["access_token"]))).status_code == 403
    mighty = await client.tokens(manager, "users:read own:read")
    assert (await app.get("/api/v1/users", headers=with_token(mighty["access_token"]))).status_code == 200
    assert (await app.get("/api/v1/roles", headers=with_token(mighty["access_token"]))).status_code == 403
    assert (await app.get("/api/v1/admin/users", headers=with_token(mighty["access_token"]))).status_code == 403


PEOPLE_ONLY = [
    ("GET", "/api/v1/auth/sessions"),
    ("POST", "/api/v1/auth/logout-all"),
    ("POST", "/api/v1/auth/step-up"),
    ("POST", "/api/v1/api-keys"),
    ("GET", "/api/v1/oauth-clients"),
    ("POST", "/api/v1/oauth-clients"),
    ("GET", "/api/v1/oauth-consents"),
    ("DELETE", "/api/v1/users/me"),
]


@pytest.mark.parametrize(("method", "path"), PEOPLE_ONLY)
async def test_what_is_for_people_is_for_no_client(app, client, manager, method, path):
    tokens = await client.tokens(manager, "own:read own:write")

    answer = await app.request(method, path, headers=with_token(tokens["access_token"]), json={} if method == "POST" else None)

    assert (answer.status_code, answer.json()["error"]["details"]) == (403, {"reason": "people_only"})


async def test_each_kind_of_token_is_good_for_one_thing(app, client):
    user = await app.sign_up()
    tokens = await client.tokens(user)
    access, refresh, id_token = (tokens[name] for name in ("access_token", "refresh_token", "id_token"))

    for wrong in (refresh, id_token):
        assert (await app.get(ME, headers=with_token(wrong))).status_code == 401
        assert (await app.get("/oauth/userinfo", headers=with_token(wrong))).status_code == 401
    for wrong in (access, id_token, user.refresh_token):
        assert (await client.refresh(wrong)).json()["error"] == "invalid_grant"
        assert (await client.exchange(wrong)).json()["error"] == "invalid_grant"
    assert (await app.post("/api/v1/auth/refresh", json={"refreshToken": refresh})).status_code == 401
    for other in (user.access_token, user.refresh_token, id_token):
        assert (await client.ask("/oauth/introspect", token=other)).json() == {"active": False}
        assert (await client.ask("/oauth/revoke", token=other)).status_code == 200
    assert (await app.as_(user).get(ME)).status_code == 200, "a session of a person is not a client's to end"
    assert (await app.get("/oauth/userinfo", headers=user.headers)).status_code == 403


async def test_introspection_tells_confidential_clients_what_a_token_is_worth(app, client, phone):
    user = await app.sign_up()
    tokens = await client.tokens(user)

    access = (await client.ask("/oauth/introspect", token=tokens["access_token"])).json()
    refresh = (await client.ask("/oauth/introspect", token=tokens["refresh_token"])).json()

    assert (access["active"], access["client_id"], access["sub"], access["scope"]) == (
        True,
        client.id,
        str(user.id),
        "openid own:read",
    )
    assert (refresh["active"], refresh["client_id"], "jti" in refresh) == (True, client.id, False)
    assert (await phone.ask("/oauth/introspect", token=tokens["access_token"])).status_code == 401
    await app.as_(user).post("/api/v1/auth/logout-all")
    for token in (tokens["access_token"], tokens["refresh_token"], "x", "x.y.z"):
        assert (await client.ask("/oauth/introspect", token=token)).json() == {"active": False}


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_revoking_a_token_ends_all_that_came_with_it(app, client, kind):
    tokens = await client.tokens(await app.sign_up())

    answer = await client.ask("/oauth/revoke", token=tokens[kind], token_type_hint="anything")

    assert answer.status_code == 200
    assert (await app.get(ME, headers=with_token(tokens["access_token"]))).status_code == 401
    assert (await client.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_userinfo_tells_as_much_as_the_scopes_do(app, client):
    user = await app.sign_up(name="Ada Lovelace")
    little = await client.tokens(user, "openid")
    much = await client.tokens(user, "openid profile email")
    none = await client.tokens(user, "own:read")

    assert (await app.get("/oauth/userinfo", headers=with_token(little["access_token"]))).json() == {"sub": str(user.id)}
    told = (await app.post("/oauth/userinfo", headers=with_token(much["access_token"]))).json()
    assert (told["name"], told["email"], told["email_verified"]) == ("Ada Lovelace", user.email, False)
    assert (await app.get("/oauth/userinfo", headers=with_token(none["access_token"]))).status_code == 403
    nobody = await app.get("/oauth/userinfo")
    assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, "Bearer")


async def robot(app, manager, *scopes):
    account = (await app.as_(manager).post("/api/v1/service-accounts", json={"name": "Robot", "roles": ["user"]})).json()
    wish = {"grants": ["client_credentials"], "redirectUris": [], "scopes": list(scopes), "serviceAccountId": account["id"]}
    return account, await made(app, manager, name="Robot", **wish)


async def test_a_client_acts_by_itself_as_its_service_account(app, manager):
    account, client = await robot(app, manager, "products:read", "own:read", "users:read")

    answer = await client.token(grant_type="client_credentials")

    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    assert set(tokens) == {"access_token", "token_type", "expires_in", "scope"}
    headers = with_token(tokens["access_token"])
    assert (await app.get(ME, headers=headers)).json()["id"] == account["id"]
    assert (await app.get("/api/v1/users", headers=headers)).status_code == 403, "the account does not hold it"
    fewer = (await client.token(grant_type="client_credentials", scope="products:read")).json()
    assert (await app.get(ME, headers=with_token(fewer["access_token"]))).status_code == 403
    await app.as_(manager).patch(f"/api/v1/users/{account['id']}", json={"isActive": False})
    assert (await app.get("/api/v1/products", headers=headers)).status_code == 401
    assert (await client.token(grant_type="client_credentials")).json()["error"] == "unauthorized_client"


@pytest.mark.parametrize("scope", ["openid", "own:write", "products:read users:delete"])
async def test_it_gets_no_scope_that_it_was_not_given(app, manager, scope):
    _, client = await robot(app, manager, "products:read")

    assert (await client.token(grant_type="client_credentials", scope=scope)).json()["error"] == "invalid_scope"


REFUSED = [
    ({}, "invalid_request"),
    ({"grant_type": "password", "username": "a", "password": "b"}, "unsupported_grant_type"),
    ({"grant_type": "implicit"}, "unsupported_grant_type"),
    ({"grant_type": "client_credentials"}, "unauthorized_client"),
    ({"grant_type": "authorization_code"}, "invalid_request"),
    ({"grant_type": "authorization_code", "code": "x", "redirect_uri": "x", "code_verifier": "x"}, "invalid_grant"),
    ({"grant_type": "refresh_token"}, "invalid_request"),
    ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
]


@pytest.mark.parametrize(("form", "error"), REFUSED)
async def test_refusals_have_the_form_of_oauth(client, form, error):
    answer = await client.token(**form)

    assert (answer.status_code, answer.json()["error"], answer.headers["cache-control"]) == (400, error, "no-store")
    assert set(answer.json()) == {"error", "error_description"}


BODIES = [
    (b"grant_type=refresh_token&grant_type=refresh_token&client_id=x", FORM),
    (b'{"grant_type": "refresh_token"}', {"Content-Type": "application/json"}),
    (b"\xff\xfe", FORM),
    (b"grant_type", FORM),
    (b"grant_type=%ff", FORM),
    (b"grant_type=a%00b&client_id=x", FORM),
    (b"&".join(b"a%d=1" % number for number in range(60)), FORM),
    (b"grant_type=" + b"x" * 4_001, FORM),
    (b"a=" + b"x" * 70_000, FORM),
]


@pytest.mark.parametrize(("body", "headers"), BODIES)
async def test_a_body_that_is_no_plain_form_is_refused(app, body, headers):
    answer = await app.post("/oauth/token", content=body, headers=headers)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def basic(text):
    return {"Authorization": f"Basic {b64encode(text.encode()).decode()}"}


async def test_a_client_proves_itself_in_one_way(app, client, phone):
    grant = {"grant_type": "client_credentials"}
    for sent in (
        {"data": grant},
        {"data": {**grant, "client_id": client.id}},
        {"data": {**grant, "client_id": client.id, "client_secret": "wrong"}},
        {"data": {**grant, "client_id": phone.id, "client_secret": client.secret}},
        {"data": grant, "headers": basic(f"{client.id}:wrong")},
        {"data": grant, "headers": basic("nobody")},
        {"data": grant, "headers": {"Authorization": "Basic ***"}},
        {"data": grant, "headers": {"Authorization": f"Bearer {client.secret}"}},
    ):
        answer = await app.post("/oauth/token", **sent)
        assert (answer.status_code, answer.json()["error"], answer.headers["www-authenticate"]) == (
            401,
            "invalid_client",
            'Basic realm="oauth"',
        )
    for sent in (
        {"data": {**grant, "client_secret": client.secret}, "headers": basic(f"{client.id}:{client.secret}")},
        {"data": {**grant, "client_id": phone.id}, "headers": basic(f"{client.id}:{client.secret}")},
    ):
        assert (await app.post("/oauth/token", **sent)).json()["error"] == "invalid_request"
    right = {**grant, "client_id": client.id, "client_secret": client.secret}
    assert (await app.post("/oauth/token", data=right)).json()["error"] == "unauthorized_client"
