"""Devices without a browser: a code to keep, a code to show, and a person who decides elsewhere (RFC 8628)."""

import asyncio
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from mainspring.core import clock
from mainspring.core.database import Statement
from mainspring.modules.oauth.models import OAuthDevice
from mainspring.modules.oauth.rows import DEVICE
from tests.integration.races import assert_won_once

from .browser import Browser, action_of, hidden_of, made, with_token
from .test_dpop import TOKEN, Prover

ASK, PAGE = "/oauth/device_authorization", "/oauth/device"
AT_ONCE = 50
KEPT = Statement(select(OAuthDevice.user_code_hash), str)


@pytest.fixture
async def television(app, manager):
    """A public client that may let devices in."""
    return await made(app, manager, name="Television", kind="public", redirectUris=[], grants=[DEVICE, "refresh_token"])


async def offered(client, scope="openid own:read"):
    answer = await client.ask(ASK, scope=scope)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def ask(client, device):
    """Whether the device may go on now: its tokens, or the word for why not."""
    answer = await client.token(grant_type=DEVICE, device_code=device["device_code"])
    return answer.json().get("error", answer.json())


async def question(app, user, user_code, browser=None):
    """The page that asks the user, who signs in on the way."""
    browser = browser or Browser(app)
    page = await browser.fill(await browser.get(PAGE), user_code=user_code)
    if "Sign in" in page.text:
        page = await browser.fill(await browser.sign_in(page, user), user_code=user_code)
    return browser, page


async def decide(app, user, device, decision="allow"):
    browser, page = await question(app, user, device["user_code"])
    return await browser.fill(page, decision=decision)


async def test_a_device_is_let_in_on_another_one(app, television):
    user, device = await app.sign_up(), await offered(television)
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", device["user_code"])
    assert device["verification_uri_complete"].endswith(f"/oauth/device?user_code={device['user_code']}")
    assert (device["expires_in"], device["interval"]) == (600, 5)
    assert await ask(television, device) == "authorization_pending"

    browser, page = await question(app, user, device["user_code"])
    assert all(words in page.text for words in ("Television", user.email, device["user_code"], "See what is yours here"))
    assert "The device may go on" in (await browser.fill(page, decision="allow")).text

    tokens = await ask(television, device)
    assert (await app.get("/api/v1/users/me", headers=with_token(tokens["access_token"]))).json()["id"] == str(user.id)
    assert (await television.refresh(tokens["refresh_token"])).status_code == 200
    assert tokens["id_token"]
    assert await ask(television, device) == "invalid_grant", "its code works once"


async def test_codes_are_kept_as_hashes(app, television):
    device = await offered(television)

    async with app.application.reading() as uow:
        kept = await uow.all(KEPT)

    assert [len(one) for one in kept] == [64]
    assert device["user_code"] not in str(kept)


async def test_whoever_asks_too_often_waits_longer(television, monkeypatch):
    device, now = await offered(television), clock.now()

    async def after(seconds):
        monkeypatch.setattr(clock, "now", lambda: now + timedelta(seconds=seconds))
        return await ask(television, device)

    assert [await after(seconds) for seconds in (0, 4, 13, 24)] == [
        "authorization_pending",
        "slow_down",  # 4 < 5: from now on 10
        "slow_down",  # 9 < 10: from now on 15
        "slow_down",  # 11 < 15: from now on 20
    ]
    assert await after(45) == "authorization_pending"


async def test_declining_is_told_to_the_device(app, television):
    device = await offered(television)

    assert "refused" in (await decide(app, await app.sign_up(), device, "deny")).text

    assert await ask(television, device) == "access_denied"


async def test_nobody_may_decide_after_ten_minutes(app, television, monkeypatch):
    device, now = await offered(television), clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(seconds=601))

    assert await ask(television, device) == "expired_token"
    _, page = await question(app, await app.sign_up(), device["user_code"])
    assert (page.status_code, "No device waits" in page.text) == (404, True)


@pytest.mark.parametrize("typed", [str.lower, lambda code: code.replace("-", " "), lambda code: f" {code.replace('-', '')} "])
async def test_a_code_may_be_typed_as_people_type(app, television, typed):
    device = await offered(television)

    _, page = await question(app, await app.sign_up(), typed(device["user_code"]))

    assert "Television" in page.text


async def test_a_code_that_comes_with_the_address_is_not_enough(app, television):
    device = await offered(television)

    page = await Browser(app).get(f"{PAGE}?user_code={device['user_code']}")

    assert (hidden_of(page).keys(), f'value="{device["user_code"]}"' in page.text) == ({"form_token"}, True)
    assert await ask(television, device) == "authorization_pending"


async def test_guessing_codes_is_limited(app, television):
    device, browser = await offered(television), Browser(app)
    user = await app.sign_up()
    await question(app, user, "BBBB-BBBB", browser)

    wrong = [(await question(app, user, "CCCC-CCCC", browser))[1].status_code for _ in range(5)]

    assert wrong == [404, 404, 404, 404, 429]
    assert (await question(app, user, device["user_code"], browser))[1].status_code == 429


async def test_whoever_is_not_signed_in_learns_nothing_about_a_code(app, television):
    device, browser = await offered(television), Browser(app)
    empty = await browser.get(PAGE)

    pages = [(await browser.fill(empty, user_code=code)).text for code in (device["user_code"], "BBBB-BBBB")]

    assert pages[0].replace(device["user_code"], "BBBB-BBBB") == pages[1]


async def test_of_many_devices_with_one_code_one_is_let_in(app, television):
    device = await offered(television)
    await decide(app, await app.sign_up(), device)

    answers = await asyncio.gather(
        *(television.token(grant_type=DEVICE, device_code=device["device_code"]) for _ in range(AT_ONCE))
    )

    assert_won_once([answer.status_code for answer in answers], won=200, refused=400)


async def test_of_many_decisions_one_counts(app, television):
    device = await offered(television)
    browser, page = await question(app, await app.sign_up(), device["user_code"])
    forms = [{**hidden_of(page), "decision": decision} for decision in ("allow", "deny") * 3]

    answers = await asyncio.gather(*(browser.post(action_of(page), form) for form in forms))

    assert sum(answer.status_code == 200 for answer in answers) == 1


async def test_another_client_gets_nothing_for_the_code(app, television, manager):
    device = await offered(television)
    await decide(app, await app.sign_up(), device)
    other = await made(app, manager, name="Other", kind="public", redirectUris=[], grants=[DEVICE])

    assert await ask(other, device) == "invalid_grant"
    assert "access_token" in await ask(television, device)


async def test_a_device_is_not_let_in_once_its_user_signed_out_everywhere(app, television):
    user, device = await app.sign_up(), await offered(television)
    await decide(app, user, device)
    await app.as_(user).post("/api/v1/auth/logout-all")

    assert await ask(television, device) == "invalid_grant"


async def test_its_tokens_may_be_bound_to_a_key(app, television):
    device, prover = await offered(television), Prover()
    await decide(app, await app.sign_up(), device)

    form = {"grant_type": DEVICE, "device_code": device["device_code"], "client_id": television.id}
    answer = await app.post(TOKEN, data=form, headers={"DPoP": prover.proof("POST", TOKEN)})

    assert answer.json()["token_type"] == "DPoP"


@pytest.mark.parametrize("form", [{"csrf_token": "x"}, {"form_token": "x"}, {"decision": "maybe"}])
async def test_a_decision_comes_from_our_page(app, television, form):
    device = await offered(television)
    browser, page = await question(app, await app.sign_up(), device["user_code"])

    answer = await browser.post(action_of(page), {**hidden_of(page), "decision": "allow", **form})

    assert answer.status_code in (400, 403)
    assert await ask(television, device) == "authorization_pending"


async def test_only_clients_with_the_grant_let_devices_in(client, television):
    refused = await client.ask(ASK, scope="openid")
    unknown = await television.ask(ASK, scope="users:read")
    silent = await television.ask(ASK)

    assert refused.json()["error"] == "unauthorized_client"
    assert unknown.json()["error"] == silent.json()["error"] == "invalid_scope"
