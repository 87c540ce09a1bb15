"""Signing out because a client asks (OpenID RP-Initiated Logout): the user is asked first, and goes where the client lives."""

from urllib.parse import urlencode

import pytest

from .browser import Browser, action_of, back, hidden_of, made, with_token

LOGOUT, AFTER = "/oauth/logout", "https://app.example.com/bye"


@pytest.fixture
async def shop(app, manager):
    return await made(app, manager, postLogoutRedirectUris=[AFTER])


async def signed_in(app, client):
    """A user's browser, and the tokens that the client got there."""
    user, browser = await app.sign_up(), Browser(app)
    tokens = (await client.exchange(await client.code(user, browser=browser))).json()
    return user, browser, tokens


def asked(**parameters):
    return f"{LOGOUT}?{urlencode(parameters)}"


async def is_signed_in(browser, client):
    return "Sign in" not in (await browser.get(client.request(prompt="consent"))).text


async def test_the_user_is_asked_and_goes_back_to_the_client(app, shop):
    user, browser, tokens = await signed_in(app, shop)

    page = await browser.get(asked(id_token_hint=tokens["id_token"], post_logout_redirect_uri=AFTER, state="a state"))
    assert all(words in page.text for words in ("Sign out?", "Shop on the web", user.email))
    assert await is_signed_in(browser, shop), "asking alone signs nobody out"
    answer = await browser.fill(page, decision="allow")

    assert (answer.status_code, answer.headers["location"]) == (303, f"{AFTER}?state=a+state")
    assert browser.cookies["oauthSession"] == ""
    assert not await is_signed_in(browser, shop)


async def test_what_the_client_was_let_in_for_stays(app, shop):
    _, browser, tokens = await signed_in(app, shop)

    await browser.fill(await browser.get(LOGOUT), decision="allow")

    assert (await app.get("/api/v1/users/me", headers=with_token(tokens["access_token"]))).status_code == 200


async def test_the_cookie_of_before_opens_nothing(app, shop):
    _, browser, _ = await signed_in(app, shop)
    before = dict(browser.cookies)
    await browser.fill(await browser.get(LOGOUT), decision="allow")
    browser.cookies = before

    assert not await is_signed_in(browser, shop)


async def test_staying_changes_nothing(app, shop):
    _, browser, _ = await signed_in(app, shop)

    answer = await browser.fill(await browser.get(LOGOUT), decision="deny")

    assert "still signed in" in answer.text
    assert await is_signed_in(browser, shop)


async def test_whoever_is_not_signed_in_is_asked_nothing(app, shop):
    nowhere = await Browser(app).get(LOGOUT)
    back_there = await Browser(app).get(asked(client_id=shop.id, post_logout_redirect_uri=AFTER))

    assert "You are signed out" in nowhere.text
    assert (back_there.status_code, back_there.headers["location"]) == (303, AFTER)


async def test_the_question_may_come_as_a_form(app, shop):
    _, browser, tokens = await signed_in(app, shop)

    page = await browser.post(LOGOUT, {"id_token_hint": tokens["id_token"]}, headers={"Sec-Fetch-Site": "cross-site"})

    assert "Sign out?" in page.text


@pytest.mark.parametrize("change", [{"csrf_token": "x"}, {"csrf_token": ""}, {"form_token": "x"}, {"form_token": ""}])
async def test_nobody_is_signed_out_by_force(app, shop, change):
    _, browser, _ = await signed_in(app, shop)
    page = await browser.get(LOGOUT)

    answer = await browser.post(action_of(page), {**hidden_of(page), "decision": "allow", **change})

    assert answer.status_code == 403
    assert await is_signed_in(browser, shop)


async def test_nor_by_another_site(app, shop):
    _, browser, _ = await signed_in(app, shop)
    page = await browser.get(LOGOUT)

    answer = await browser.post(
        action_of(page), {**hidden_of(page), "decision": "allow"}, headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert answer.status_code == 403
    assert await is_signed_in(browser, shop)


WRONG = [
    {"post_logout_redirect_uri": AFTER},
    {"post_logout_redirect_uri": "https://evil.example.com/", "client_id": "own"},
    {"post_logout_redirect_uri": f"{AFTER}/", "client_id": "own"},
    {"post_logout_redirect_uri": AFTER, "client_id": "other"},
    {"client_id": "no-client"},
    {"id_token_hint": "x.y.z"},
    {"id_token_hint": "access token"},
    {"id_token_hint": "own", "client_id": "other"},
]


@pytest.mark.parametrize("wrong", WRONG)
async def test_the_browser_goes_nowhere_for_a_wrong_request(app, shop, manager, wrong):
    _, browser, tokens = await signed_in(app, shop)
    other = await made(app, manager, name="Other")
    named = {"own": shop.id, "other": other.id}
    hints = {"own": tokens["id_token"], "access token": tokens["access_token"]}
    sent = {**wrong}
    if "client_id" in sent:
        sent["client_id"] = named.get(sent["client_id"], sent["client_id"])
    if "id_token_hint" in sent:
        sent["id_token_hint"] = hints.get(sent["id_token_hint"], sent["id_token_hint"])

    answer = await browser.get(asked(**sent))

    assert (answer.status_code, "location" in answer.headers) == (400, False)
    assert await is_signed_in(browser, shop)


async def test_discovery_names_the_endpoint(app):
    assert (await app.get("/.well-known/openid-configuration")).json()["end_session_endpoint"].endswith(LOGOUT)


async def test_without_an_own_session_a_stolen_link_signs_in_nobody(app, shop):
    assert "code" not in back(await Browser(app).get(shop.request(prompt="none")))
