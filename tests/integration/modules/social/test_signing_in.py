"""Signing in at an outside provider: the way there and back (R-094 to R-098)."""

import hashlib

import pytest

from mainspring.core.observability.logs import captured_logs

from ..auth.authenticator_app import with_totp
from .browser import SOCIAL, Browser, path_of
from .oidc_server import query_of, s256
from .stored import rows_of, verified

ME = "/api/v1/users/me"


async def me(app, token):
    return (await app.get(ME, headers={"Authorization": f"Bearer {token}"})).json()


async def test_the_front_end_is_told_which_providers_there_are(app):
    answer = await app.get(f"{SOCIAL}/providers")

    assert answer.json() == {"data": [{"name": "acme", "label": "Acme"}]}


async def test_the_browser_is_sent_to_the_provider_with_state_nonce_and_challenge(browser, server):
    address = await browser.begin()

    asked = query_of(address)
    assert address.startswith(f"{server.issuer}/authorize?")
    assert asked.keys() >= {"state", "nonce", "code_challenge"}
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) == 43
    assert (asked["code_challenge_method"], asked["response_type"]) == ("S256", "code")
    assert asked["scope"] == "openid email profile"
    assert asked["redirect_uri"] == "http://localhost:8000/api/v1/auth/social/acme/callback"
    cookie = browser.set["socialSignIn"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["max-age"]) == (True, "Lax", "/", "600")
    assert cookie.value not in address


async def test_a_stranger_gets_an_account_and_a_session(app, browser):
    body = await browser.sign_in()

    assert body["user"]["email"] == "ada@example.com"
    assert body["user"]["name"] == "Ada Lovelace"
    assert body["user"]["avatarUrl"] == "https://img.example.com/ada.png"
    assert body["user"]["emailVerified"] is True
    assert body["user"]["roles"] == ["user"]
    assert (await me(app, body["accessToken"]))["id"] == body["user"]["id"]


async def test_the_same_identity_is_the_same_account_also_under_another_address(browser, server):
    first = await browser.sign_in()
    server.person["email"] = "ada.king@example.com"

    again = await browser.sign_in()

    assert again["user"]["id"] == first["user"]["id"]
    assert again["user"]["email"] == "ada@example.com"


async def test_a_browser_keeps_the_session_in_cookies(app, browser):
    back = await browser.come_back(browser.server.agree(await browser.begin(transport="cookie", next="/account?tab=1")))

    assert (back.status_code, back.headers["location"]) == (302, "http://localhost:8000/account?tab=1")
    assert back.headers["cache-control"] == "no-store"
    assert {"accessToken", "refreshToken"} <= browser.set.keys()
    assert (await browser.send("GET", ME)).json()["email"] == "ada@example.com"


async def test_signing_in_anew_ends_the_session_that_the_browser_had(app, browser):
    await browser.come_back(browser.server.agree(await browser.begin(transport="cookie")))
    old = Browser(app, browser.server)
    old.cookies = dict(browser.cookies)

    await browser.come_back(browser.server.agree(await browser.begin(transport="cookie")))

    assert (await old.send("GET", ME)).status_code == 401
    assert (await browser.send("GET", ME)).status_code == 200


@pytest.mark.parametrize("transport", ["bearer", "cookie"])
async def test_a_second_factor_is_still_asked_for(app, browser, ada, transport):
    await verified(app, ada)
    authenticator = await with_totp(app, ada)

    code = await browser.code(transport=transport)
    asked = (await browser.exchange(code)).json()

    assert asked["mfaRequired"] is True
    assert "accessToken" not in browser.cookies
    body = {"mfaToken": asked["mfaToken"], "code": authenticator.fresh_code()}
    signed_in = await browser.send("POST", "/api/v1/auth/mfa/verify", json=body)
    assert signed_in.json()["user"]["id"] == str(ada.id)


async def test_a_code_is_good_once(browser):
    code = await browser.code()

    first, second = await browser.exchange(code), await browser.exchange(code)

    assert (first.status_code, second.status_code) == (200, 401)
    assert second.json()["error"]["code"] == "social.code_invalid"


async def test_a_code_is_good_in_the_browser_that_began_only(app, browser, server):
    code = await browser.code()

    answer = await Browser(app, server).exchange(code)

    assert answer.json()["error"]["code"] == "social.code_invalid"
    assert (await browser.exchange(code)).status_code == 200


async def test_a_program_takes_the_session_with_its_verifier_and_no_cookie(app, browser, server):
    verifier = "v" * 43
    code = await browser.code(codeChallenge=s256(verifier))
    program = Browser(app, server)

    without, wrong = await browser.exchange(code), await program.exchange(code, codeVerifier="w" * 43)
    right = await program.exchange(code, codeVerifier=verifier)

    assert (without.status_code, wrong.status_code, right.status_code) == (401, 401, 200)


async def test_another_page_cannot_take_a_cookie_session(browser, app, ada):
    await verified(app, ada)
    await with_totp(app, ada)
    code = await browser.code(transport="cookie")

    answer = await browser.send("POST", f"{SOCIAL}/exchange", json={"code": code}, headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.json()["error"]["code"] == "auth.cross_site"


async def test_nothing_secret_is_stored_or_logged(app, browser, server):
    with captured_logs() as lines:
        address = await browser.begin()
        brought = server.agree(address)
        asked, cookie = query_of(address), browser.cookies["socialSignIn"]
        rows = str(await rows_of(app, "social_attempts"))
        back = await browser.come_back(brought)
        code = query_of(back.headers["location"])["code"]
        rows += str(await rows_of(app, "social_handovers"))
        await browser.exchange(code)

    secrets = [asked["state"], asked["nonce"], cookie, brought["code"], code, server.form["code_verifier"]]
    for secret in secrets:
        assert secret not in rows
        assert secret not in str(lines)
    assert hashlib.sha256(asked["state"].encode()).hexdigest() in rows
    assert path_of(back.headers["location"]) == "/"
