"""Letting a client in, from the first redirect to a call of the API (R-095, R-096)."""

from datetime import timedelta

import pytest
from joserfc import jwt

from mainspring.core import clock
from mainspring.core.mail.templates import Templates
from mainspring.core.security.keys import KeyRing
from mainspring.modules.oauth.id_tokens import SECOND, SINGLE
from mainspring.modules.oauth.proofs import left_half

from ..auth.authenticator_app import with_totp
from .browser import CALLBACK, Browser, back, hidden_of, made, query_of, with_token


async def claims_of(app, token):
    ring = app.application.resolve(KeyRing)
    return jwt.decode(token, ring.signing, algorithms=[ring.algorithm])


async def test_a_client_is_let_in_and_acts_within_its_scopes(app, client):
    user, browser = await app.sign_up(), Browser(app)

    sign_in = await browser.get(client.request())
    consent = await browser.sign_in(sign_in, user)
    assert "Allow Shop on the web?" in consent.text
    assert user.email in consent.text
    answered = await browser.fill(consent, decision="allow")

    told = back(answered)
    assert answered.headers["location"].startswith(f"{CALLBACK}?")
    assert (told["state"], told["iss"]) == ("a state", app.application.settings.jwt_issuer)
    exchanged = await client.exchange(told["code"])
    assert exchanged.status_code == 200, exchanged.text
    assert exchanged.headers["cache-control"] == "no-store"
    tokens = exchanged.json()
    assert (tokens["token_type"], tokens["scope"], tokens["expires_in"]) == ("Bearer", "openid own:read", 900)
    mine = await app.get("/api/v1/users/me", headers=with_token(tokens["access_token"]))
    assert (mine.status_code, mine.json()["id"]) == (200, str(user.id))
    assert mine.json()["roles"] == []
    changed = await app.patch("/api/v1/users/me", json={"bio": "x"}, headers=with_token(tokens["access_token"]))
    assert changed.status_code == 403


async def test_access_tokens_are_those_of_rfc_9068(app, client):
    user = await app.sign_up()
    tokens = await client.tokens(user)

    token = await claims_of(app, tokens["access_token"])

    assert (token.header["typ"], token.claims["aud"], token.claims["sub"]) == ("at+jwt", "api", str(user.id))
    assert (token.claims["client_id"], token.claims["scope"]) == (client.id, "openid own:read")
    assert not {"roles", "email", "permissions"} & set(token.claims)


async def test_id_tokens_tell_the_client_who_signed_in_and_how(app, client):
    user = await app.sign_up()
    tokens = await client.tokens(user)

    token = (await claims_of(app, tokens["id_token"])).claims

    assert (token["iss"], token["sub"], token["aud"]) == (app.application.settings.jwt_issuer, str(user.id), client.id)
    assert (token["nonce"], token["amr"], token["acr"]) == ("a nonce", ["pwd"], SINGLE)
    assert token["at_hash"] == left_half(tokens["access_token"], "RS256")
    assert abs(token["auth_time"] - clock.now().timestamp()) < 30


async def test_the_second_factor_is_asked_for_on_the_page_too(app, client):
    user, browser = await app.sign_up(), Browser(app)
    authenticator = await with_totp(app, user)

    page = await browser.sign_in(await browser.get(client.request()), user)
    assert "authenticator app" in page.text
    assert "oauthSession" not in browser.cookies
    wrong = await browser.fill(page, code=authenticator.wrong_code())
    assert (wrong.status_code, "wrong" in wrong.text) == (403, True)
    consent = await browser.fill(wrong, code=authenticator.fresh_code())
    tokens = (await client.exchange(back(await browser.fill(consent, decision="allow"))["code"])).json()

    token = (await claims_of(app, tokens["id_token"])).claims
    assert (token["amr"], token["acr"]) == (["pwd", "otp", "mfa"], SECOND)


async def test_a_recovery_code_does_too(app, client):
    user, browser = await app.sign_up(), Browser(app)
    authenticator = await with_totp(app, user)

    page = await browser.sign_in(await browser.get(client.request()), user)
    consent = await browser.fill(page, code=authenticator.recovery_codes[0])

    assert "Allow Shop on the web?" in consent.text


async def test_a_sign_in_that_began_on_a_page_ends_there(app, client):
    user, browser = await app.sign_up(), Browser(app)
    authenticator = await with_totp(app, user)
    page = await browser.sign_in(await browser.get(client.request()), user)
    body = {"mfaToken": hidden_of(page)["mfa_token"], "code": authenticator.fresh_code()}

    assert (await app.post("/api/v1/auth/mfa/verify", json=body)).status_code == 401


async def test_a_wrong_password_is_told_on_the_page(app, client):
    user, browser = await app.sign_up(), Browser(app)

    page = await browser.fill(await browser.get(client.request()), email=user.email, password="wrong password")

    assert (page.status_code, "Invalid credentials" in page.text, user.email in page.text) == (403, True, True)
    assert "oauthSession" not in browser.cookies


async def test_the_page_keeps_the_limits_of_every_sign_in(app, client):
    user, browser = await app.sign_up(), Browser(app)
    page = await browser.get(client.request())
    for _ in range(5):
        await browser.fill(page, email=user.email, password="wrong password")

    answer = await browser.sign_in(page, user)

    assert (answer.status_code, "retry-after" in answer.headers) == (429, True)


async def test_consent_is_remembered_for_the_client_and_its_scopes(app, client, manager):
    user, browser = await app.sign_up(), Browser(app)
    await client.code(user, browser=browser)

    again = await browser.get(client.request())
    assert "code" in back(again)
    more = await browser.get(client.request("openid own:read own:write"))
    assert "Allow Shop on the web?" in more.text
    other = await made(app, manager, name="Another")
    assert "Allow Another?" in (await browser.get(other.request())).text


async def test_a_program_on_the_users_machine_asks_each_time(app, manager):
    phone = await made(app, manager, kind="public", redirectUris=["http://127.0.0.1/callback"])
    phone.redirect_uri = "http://127.0.0.1:51234/callback"
    user, browser = await app.sign_up(), Browser(app)
    assert (await phone.exchange(await phone.code(user, browser=browser))).status_code == 200

    assert "Allow" in (await browser.get(phone.request())).text
    assert back(await browser.get(phone.request(prompt="none")))["error"] == "consent_required"


async def test_declining_is_told_to_the_client(app, client):
    user, browser = await app.sign_up(), Browser(app)
    consent = await browser.sign_in(await browser.get(client.request()), user)

    told = back(await browser.fill(consent, decision="deny"))

    assert (told["error"], told["state"], "iss" in told) == ("access_denied", "a state", True)


async def test_silence_when_nobody_may_be_asked(app, client):
    user, browser = await app.sign_up(), Browser(app)
    assert back(await browser.get(client.request(prompt="none")))["error"] == "login_required"
    await browser.sign_in(await browser.get(client.request()), user)
    assert back(await browser.get(client.request(prompt="none")))["error"] == "consent_required"
    await client.code(user, browser=Browser(app))

    assert "code" in back(await browser.get(client.request(prompt="none")))


async def test_a_client_may_ask_for_a_fresh_sign_in_or_for_consent(app, client, monkeypatch):
    user, browser = await app.sign_up(), Browser(app)
    await client.code(user, browser=browser)

    page = await browser.get(client.request(prompt="login"))
    assert "code" in back(await browser.sign_in(page, user))
    assert "Allow" in (await browser.get(client.request(prompt="consent"))).text
    assert "code" in back(await browser.get(client.request(max_age="3600")))
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(hours=2))
    aged = await browser.get(client.request(max_age="3600"))
    assert "Sign in" in aged.text


async def test_signing_in_as_another_ends_the_session_before(app, client):
    first, second, browser = await app.sign_up(), await app.sign_up(), Browser(app)
    consent = await browser.sign_in(await browser.get(client.request()), first)
    before = dict(browser.cookies)

    again = await browser.sign_in(await browser.get(client.request(prompt="login")), second)

    assert second.email in again.text
    old = Browser(app)
    old.cookies = before
    assert "Sign in" in (await old.get(client.request())).text
    assert "Sign in" in (await browser.get(query_path(consent))).text


def query_path(page):
    link = page.text.split('<a href="')[1].split('"')[0].replace("&amp;", "&")
    assert query_of(link)["prompt"] == "login"
    return link


async def test_a_public_client_needs_no_secret_and_never_has_one(app, phone):
    tokens = await phone.tokens(await app.sign_up())

    assert tokens["refresh_token"]
    code = await phone.code(await app.sign_up())
    assert (await phone.exchange(code, client_secret="x")).json()["error"] == "invalid_client"


async def test_a_client_without_the_grant_gets_no_refresh_token_and_a_short_session(app, manager):
    client = await made(app, manager, grants=["authorization_code"])
    user = await app.sign_up()

    tokens = await client.tokens(user)

    assert "refresh_token" not in tokens
    listed = (await app.as_(user).get("/api/v1/auth/sessions")).json()["data"]
    assert [one["device"] for one in listed if one["device"] == "Shop on the web"] == ["Shop on the web"]


async def test_requests_may_come_as_a_form(app, client):
    answer = await app.post("/oauth/authorize", data=query_of(client.request()))

    assert answer.status_code == 303
    assert query_of(answer.headers["location"]) == query_of(client.request())


@pytest.mark.parametrize("name", ["sign_in", "consent"])
async def test_an_application_may_replace_the_pages(app, client, name, tmp_path):
    folder = tmp_path / "own"
    (folder / "oauth").mkdir(parents=True)
    (folder / "oauth" / f"{name}.html").write_text('{% extends "oauth/page.html" %}{% block content %}Ours{% endblock %}')
    common = {"service_name": "shop", "public_url": "https://shop.example.com"}
    own = Templates(app.application.modules, common, folder)

    assert "Ours" in own.page(f"oauth/{name}.html", {})


async def test_auth_time_is_that_of_the_sign_in_and_not_of_the_consent(app, client, monkeypatch):
    user, browser, now = await app.sign_up(), Browser(app), clock.now()
    await browser.sign_in(await browser.get(client.request()), user)
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=30))

    code = back(await browser.fill(await browser.get(client.request(max_age="3600")), decision="allow"))["code"]
    token = (await claims_of(app, (await client.exchange(code)).json()["id_token"])).claims

    assert token["iat"] - token["auth_time"] >= 1790


async def test_a_fresh_sign_in_that_was_asked_for_is_told(app, client, monkeypatch):
    user, browser, now = await app.sign_up(), Browser(app), clock.now()
    await client.code(user, browser=browser)
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=30))

    answer = await browser.sign_in(await browser.get(client.request(max_age="60")), user)
    token = (await claims_of(app, (await client.exchange(back(answer)["code"])).json()["id_token"])).claims

    assert token["iat"] - token["auth_time"] <= 5
