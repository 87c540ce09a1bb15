"""Attacks on the way there and back, and the races that decide who was first."""

import asyncio
from datetime import timedelta

import pytest
import time_machine

from mainspring.core import clock
from mainspring.core.observability.logs import captured_logs
from mainspring.testing.client import PASSWORD
from tests.integration.races import BUSY, assert_won_once

from ..auth.software_authenticator import options_to_use, with_passkey
from .browser import SOCIAL, Browser
from .conftest import CLIENT
from .oidc_server import OidcServer, query_of
from .stored import rows_of, verified

AUTH = "/api/v1/auth"


@pytest.fixture
async def other_server():
    async with OidcServer() as other:
        yield other


@pytest.fixture
def providers(server, other_server):
    return {"acme": {**CLIENT, "issuer": server.issuer}, "other": {**CLIENT, "issuer": other_server.issuer}}


def refused(answer):
    return answer.status_code == 401 and answer.json()["error"]["code"] == "social.attempt_invalid"


async def test_fifty_answers_with_one_state_are_one_session(app, browser, server):
    brought = server.agree(await browser.begin(transport="cookie"))

    answers = await asyncio.gather(*(browser.come_back(brought) for _ in range(50)))

    assert_won_once((answer.status_code for answer in answers), won=302, refused=401)
    assert len(await rows_of(app, "sessions")) == 1
    assert server.count("/token") == 1


async def test_fifty_trades_of_one_code_are_one_session(app, browser):
    code = await browser.code()

    answers = await asyncio.gather(*(browser.exchange(code) for _ in range(50)))

    assert_won_once((answer.status_code for answer in answers), won=200, refused=401)
    assert len(await rows_of(app, "sessions")) == 1


async def test_two_first_sign_ins_at_once_are_one_account(app, server):
    browsers = [Browser(app, server) for _ in range(5)]
    brought = [server.agree(await one.begin()) for one in browsers]

    answers = await asyncio.gather(*(one.come_back(what) for one, what in zip(browsers, brought, strict=True)))

    outcomes = [query_of(answer.headers["location"]) for answer in answers if answer.status_code != BUSY]
    assert {name for outcome in outcomes for name in outcome} == {"code"}
    assert len(await rows_of(app, "users")) == len(await rows_of(app, "social_links")) == 1


async def test_two_links_that_are_removed_at_once_leave_one(app, browser, server):
    body = await browser.sign_in()
    me = Browser(app, server, user=type("Me", (), {"headers": {"Authorization": f"Bearer {body['accessToken']}"}}))
    server.person |= {"sub": "ada-2"}
    await me.outcome(await me.begin_link())
    links = (await me.send("GET", f"{SOCIAL}/links")).json()["data"]

    answers = await asyncio.gather(*(me.send("DELETE", f"{SOCIAL}/links/{link['id']}") for link in links))

    assert_won_once((answer.status_code for answer in answers), won=204, refused=409)


async def test_the_attackers_answer_in_the_victims_browser(app, server):
    """Login CSRF: the victim would work in the attacker's account without knowing."""
    attacker, victim = Browser(app, server), Browser(app, server)
    brought = server.agree(await attacker.begin(transport="cookie"))
    await victim.begin()

    with captured_logs() as lines:
        answers = [await victim.come_back(brought), await Browser(app, server).come_back(brought)]

    assert all(map(refused, answers))
    assert await rows_of(app, "sessions") == []
    assert {line["activity"] for line in lines if line["message"] == "SUSPICIOUS_ACTIVITY"} == {"social_state_of_another_browser"}


async def test_the_attackers_link_in_the_victims_browser(app, server, ada, bob):
    """The victim's identity would open the attacker's account, where the victim then leaves secrets."""
    attacker = Browser(app, server, user=bob)
    brought = server.agree(await attacker.begin_link())

    victim = Browser(app, server, user=ada)
    await victim.begin_link()

    assert refused(await victim.come_back(brought))
    assert await rows_of(app, "social_links") == []


async def test_the_state_of_one_provider_at_another(app, browser, server, other_server):
    """Mix-up: the answer of an honest provider, brought to the address of one that the attacker runs, and the other way."""
    brought = server.agree(await browser.begin())

    with captured_logs() as lines:
        answer = await browser.come_back(brought, provider="other")

    assert refused(answer)
    assert other_server.asked == []
    assert any(line.get("activity") == "social_state_of_another_provider" for line in lines)
    assert (await browser.come_back(brought)).status_code == 302


async def test_an_answer_that_names_another_issuer_sends_the_code_nowhere(browser, server, other_server):
    found = await browser.outcome(await browser.begin(), iss=other_server.issuer)

    assert found == {"error": "social.refused"}
    assert server.count("/token") == other_server.count("/token") == 0


@pytest.mark.parametrize("state", [None, "", "a", "A" * 43, "A" * 400, "'; DROP TABLE users --", "%00", "é"])
async def test_a_made_up_state_is_refused(browser, state):
    await browser.begin()

    assert refused(await browser.come_back({"code": "c", **({} if state is None else {"state": state})}))


async def test_a_state_is_too_old_after_ten_minutes(browser, server):
    brought = server.agree(await browser.begin())

    with time_machine.travel(clock.now() + timedelta(seconds=601)):
        assert refused(await browser.come_back(brought))


async def test_a_code_is_too_old_after_a_minute(browser):
    code = await browser.code()

    with time_machine.travel(clock.now() + timedelta(seconds=61)):
        assert (await browser.exchange(code)).json()["error"]["code"] == "social.code_invalid"


async def test_two_cookies_of_the_name_are_refused(app, browser, server):
    brought = server.agree(await browser.begin())
    value = browser.cookies["socialSignIn"]
    twice = {"Cookie": f"socialSignIn={value}; socialSignIn={value}"}

    answer = await app.http.get(f"{SOCIAL}/acme/callback", params=brought, headers=twice)

    assert answer.status_code == 401


async def test_two_tabs_sign_in_beside_each_other(browser, server):
    first, second = await browser.begin(), await browser.begin()

    assert (await browser.outcome(first)).keys() == (await browser.outcome(second)).keys() == {"code"}


async def test_another_provider_does_not_vouch_for_the_same_subject(app, browser, server, other_server):
    """Subjects are names inside one issuer only; the address is proved there too, so it is the same person here."""
    first = await browser.sign_in()
    other_server.person |= {"email": "eve@example.net"}

    eve = await Browser(app, other_server, provider="other").sign_in()

    assert eve["user"]["id"] != first["user"]["id"]


class TestPreHijacking:
    """Eve makes an account with Ada's address before Ada comes ("Pre-hijacked accounts", 2022)."""

    async def test_eves_password_session_passkey_and_link_are_gone_once_ada_comes(self, app, browser, server):
        eve = await app.sign_up("ada@example.com", PASSWORD)
        authenticator = await with_passkey(app, eve)
        server.person = {"sub": "eve-1", "email": "eve@example.net", "email_verified": True}
        eves = Browser(app, server, user=eve)
        assert await eves.outcome(await eves.begin_link()) == {"linked": "acme"}
        eves_code = await Browser(app, server).code(codeChallenge="c" * 43)

        server.person = {"sub": "ada-1", "email": "ada@example.com", "email_verified": True}
        ada = await browser.sign_in()

        assert ada["user"]["id"] == str(eve.id)
        assert (await app.as_(eve).get("/api/v1/users/me")).status_code == 401
        assert (await app.post(f"{AUTH}/refresh", json={"refreshToken": eve.refresh_token})).status_code == 401
        assert (await app.post(f"{AUTH}/login", json={"email": eve.email, "password": PASSWORD})).status_code == 401
        body = {"credential": authenticator.use(await options_to_use(app))}
        assert (await app.post(f"{AUTH}/passkeys/login/verify", json=body)).status_code == 401
        assert (await browser.exchange(eves_code)).status_code == 401
        server.person = {"sub": "eve-1", "email": "eve@example.net", "email_verified": True}
        assert (await Browser(app, server).sign_in())["user"]["id"] != str(eve.id)

    async def test_eves_link_is_gone_also_when_ada_comes_by_mail(self, app, server):
        from ..auth.mailbox import Mailbox

        eve = await app.sign_up("ada@example.com", PASSWORD)
        server.person = {"sub": "eve-1", "email": "eve@example.net", "email_verified": True}
        eves = Browser(app, server, user=eve)
        await eves.outcome(await eves.begin_link())

        await app.post(f"{AUTH}/magic-link", json={"email": eve.email})
        token = await Mailbox(app, eve.email).secret("magic-link")
        assert (await app.post(f"{AUTH}/magic-link/verify", json={"token": token})).status_code == 200

        assert await rows_of(app, "social_links") == []

    async def test_eve_cannot_take_an_account_that_ada_made_here(self, app, browser, server, other_server):
        """The opposite order: Ada has an account, and Eve comes from a provider that lets her name Ada's address."""
        ada = await browser.sign_in()
        other_server.person = {"sub": "eve-1", "email": "ada@example.com", "email_verified": False}

        assert await Browser(app, other_server, provider="other").error() == "social.address_unproved"
        registering = {"email": "ada@example.com", "password": PASSWORD, "name": "Eve"}
        assert (await app.post(f"{AUTH}/register", json=registering)).status_code == 409
        assert (await browser.sign_in())["user"]["id"] == ada["user"]["id"]

    async def test_ada_who_proved_her_address_loses_nothing(self, app, browser):
        ada = await verified(app, await app.sign_up("ada@example.com", PASSWORD))

        assert (await browser.sign_in())["user"]["id"] == str(ada.id)

        assert (await app.sign_in(ada.email)).id == ada.id


async def test_a_page_elsewhere_is_never_the_next_one(browser):
    for path in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"):
        answer = await browser.send("GET", f"{SOCIAL}/acme/authorize", params={"next": path})
        assert (answer.status_code, answer.json()["error"]["details"][0]["field"]) == (422, "next"), path

    address = await browser.begin(next="/account?tab=links")
    assert query_of(address).keys() >= {"state"}
