"""No browser is sent where no client lives (RFC 9700 4.11), and what comes back names us (RFC 9207)."""

import pytest

from mainspring.modules.oauth.redirects import is_registered, problem_of

from .browser import CALLBACK, CLIENTS, Browser, back, made

ELSEWHERE = [
    "",
    "https://evil.example.com/callback",
    "https://app.example.com/callback/",
    "https://app.example.com/callback?x=1",
    "https://app.example.com/Callback",
    "https://APP.example.com/callback",
    "https://app.example.com:443/callback",
    "https://app.example.com/callback#fragment",
    "https://app.example.com/callback%2e",
    "https://app.example.com/./callback",
    "https://app.example.com/x/../callback",
    "https://app.example.com//callback",
    "https://app.example.com@evil.example.com/callback",
    "https://app.example.com%00.evil.example.com/callback",
    "https://app.example.com.evil.example.com/callback",
    "https://app.example.com\\@evil.example.com/callback",
    "https:app.example.com/callback",
    "https:///app.example.com/callback",
    "//app.example.com/callback",
    "/callback",
    "http://app.example.com/callback",
    "javascript:alert(1)//app.example.com/callback",
    "data:text/html,hello",
    " https://app.example.com/callback",
    "https://app.example.com/callback ",
    "https://app.example.com/callback\r\nLocation: https://evil.example.com",
    "https://\uff41pp.example.com/callback",
    "https://app.example.com/callback;x",
]


@pytest.mark.parametrize("address", ELSEWHERE)
async def test_the_browser_goes_nowhere_but_where_the_client_lives(app, client, address):
    answer = await Browser(app).get(client.request(redirect_uri=address))

    assert (answer.status_code, "location" in answer.headers) == (400, False)
    assert "This did not work" in answer.text
    assert "evil.example.com" not in answer.text


@pytest.mark.parametrize(
    "client_id", ["", "nobody", "00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-000000000000}"]
)
async def test_nor_for_a_client_that_is_none(app, client, client_id):
    answer = await Browser(app).get(client.request(client_id=client_id))

    assert (answer.status_code, "location" in answer.headers) == (400, False)


async def test_a_parameter_that_comes_twice_is_told_to_nobody(app, client):
    answer = await Browser(app).get(f"{client.request()}&redirect_uri=https://evil.example.com")

    assert (answer.status_code, "location" in answer.headers) == (400, False)


DECLINED = [
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "code id_token"}, "unsupported_response_type"),
    ({"response_type": None}, "invalid_request"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"request": "x.y.z"}, "request_not_supported"),
    ({"request_uri": "https://evil.example.com/request"}, "request_uri_not_supported"),
    ({"scope": "openid users:delete"}, "invalid_scope"),
    ({"scope": "nothing-known"}, "invalid_scope"),
    ({"scope": None}, "invalid_scope"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"prompt": "create"}, "invalid_request"),
    ({"max_age": "-1"}, "invalid_request"),
    ({"nonce": "n" * 501}, "invalid_request"),
]


@pytest.mark.parametrize(("more", "error"), DECLINED)
async def test_everything_else_is_told_to_the_client_with_our_name(app, client, more, error):
    told = back(await Browser(app).get(client.request(**{"scope": "openid", **more})))

    assert (told["error"], told["iss"], told["state"]) == (error, app.application.settings.jwt_issuer, "a state")


async def test_a_client_without_the_grant_is_told_so(app, manager):
    account = (await app.as_(manager).post("/api/v1/service-accounts", json={"name": "Robot"})).json()
    client = await made(
        app, manager, grants=["client_credentials"], redirectUris=[], scopes=["products:read"], serviceAccountId=account["id"]
    )

    assert (await Browser(app).get(client.request(redirect_uri=CALLBACK))).status_code == 400


NOT_REGISTERED = [
    "http://app.example.com/callback",
    "https://app.example.com/callback#x",
    "https://ada@app.example.com/callback",
    "https://*.example.com/callback",
    "https:///callback",
    "https://app.example.com/call back",
    "https://app.example.com\\x",
    "myapp:/callback",
    "javascript:alert(1)",
    "https://app.example.com:99999/",
    "https://app.example.com/" + "x" * 500,
    "https://äpp.example.com/",
    "",
]


@pytest.mark.parametrize("address", NOT_REGISTERED)
async def test_only_addresses_that_are_safe_are_registered(app, manager, address):
    body = {"name": "App", "kind": "public", "redirectUris": [address]}

    assert (await app.as_(manager).post(CLIENTS, json=body)).status_code == 422
    assert problem_of(address) is not None


def test_on_the_loopback_address_any_port_is_the_clients():
    registered = ["http://127.0.0.1/callback", "http://[::1]:4000/callback"]

    assert is_registered("http://127.0.0.1:51234/callback", registered)
    assert is_registered("http://[::1]/callback", registered)
    assert not is_registered("http://127.0.0.1:51234/other", registered)
    assert not is_registered("http://localhost:51234/callback", registered)
    assert not is_registered("https://127.0.0.1:51234/callback", registered)
    assert not is_registered("http://127.0.0.1:51234@evil.example.com/callback", registered)
    assert not is_registered("http://127.0.0.1.evil.example.com/callback", registered)
    assert not is_registered("https://app.example.com:8443/callback", ["https://app.example.com/callback"])
