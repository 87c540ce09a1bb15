"""Requests that clients push ahead (PAR, RFC 9126): checked at once, for one browser, for one code."""

import asyncio
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from mainspring.core import clock
from mainspring.core.database import Statement
from mainspring.modules.oauth.models import OAuthPushed
from tests.integration.races import assert_won_once

from .browser import Browser, action_of, back, hidden_of, made, query_of
from .test_dpop import Prover

PAR = "/oauth/par"
AT_ONCE = 50
HASHES = Statement(select(OAuthPushed.uri_hash), str)


async def push(client, **more):
    return await client.ask(PAR, **{**query_of(client.request()), "client_id": None, **more})


async def pushed(client, **more):
    """Where the browser goes with the request."""
    answer = await push(client, **more)
    assert answer.status_code == 201, answer.text
    return where(client, answer.json()["request_uri"])


def where(client, request_uri, **more):
    return f"/oauth/authorize?{urlencode({'client_id': client.id, 'request_uri': request_uri, **more})}"


def is_refused(answer):
    return (answer.status_code, "location" in answer.headers) == (400, False)


async def test_a_client_is_let_in_by_a_request_that_no_browser_saw(app, client):
    answer = await push(client)
    body = answer.json()
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    assert (set(body), body["expires_in"]) == ({"request_uri", "expires_in"}, 90)
    browser = Browser(app)

    consent = await browser.sign_in(await browser.get(where(client, body["request_uri"])), await app.sign_up())
    told = back(await browser.fill(consent, decision="allow"))

    assert told["state"] == "a state"
    assert "own:read" in (await client.exchange(told["code"])).json()["scope"]
    async with app.application.reading() as uow:
        assert body["request_uri"] not in str(await uow.all(HASHES))


async def test_public_clients_push_too(app, phone):
    browser = Browser(app)

    consent = await browser.sign_in(await browser.get(await pushed(phone)), await app.sign_up())

    assert (await phone.exchange(back(await browser.fill(consent, decision="allow"))["code"])).status_code == 200


@pytest.mark.parametrize("decision", ["allow", "deny"])
async def test_its_address_works_once(app, client, decision):
    address, browser = await pushed(client), Browser(app)
    consent = await browser.sign_in(await browser.get(address), await app.sign_up())
    back(await browser.fill(consent, decision=decision))

    assert is_refused(await browser.get(address))
    assert is_refused(await browser.fill(consent, decision="allow"))


async def test_it_belongs_to_the_first_browser(app, client):
    address, browser = await pushed(client), Browser(app)
    await browser.get(address)

    assert is_refused(await Browser(app).get(address))
    assert "Sign in" in (await browser.get(address)).text, "a page may be loaded again"


async def test_of_many_browsers_one_gets_it(app, client):
    address = await pushed(client)

    answers = await asyncio.gather(*(Browser(app).get(address) for _ in range(AT_ONCE)))

    assert_won_once([answer.status_code for answer in answers], won=200, refused=400)


async def test_of_many_decisions_one_gives_a_code(app, client):
    browser = Browser(app)
    consent = await browser.sign_in(await browser.get(await pushed(client)), await app.sign_up())
    form = {**hidden_of(consent), "decision": "allow"}

    answers = await asyncio.gather(*(browser.post(action_of(consent), form) for _ in range(AT_ONCE)))

    assert_won_once([answer.status_code for answer in answers], won=303, refused=400)


async def test_a_browser_that_comes_late_gets_nothing(app, client, monkeypatch):
    address, now = await pushed(client), clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(seconds=91))

    assert is_refused(await Browser(app).get(address))


async def test_whoever_came_in_time_has_ten_minutes(app, client, monkeypatch):
    address, browser, now = await pushed(client), Browser(app), clock.now()
    await browser.get(address)
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=9))
    assert "Sign in" in (await browser.get(address)).text
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=11))

    assert is_refused(await browser.get(address))


async def test_only_what_was_pushed_counts(app, client):
    request_uri = (await push(client)).json()["request_uri"]
    more = {"redirect_uri": "https://evil.example.com/", "scope": "own:write", "state": "another", "nonce": "x"}
    browser = Browser(app)

    consent = await browser.sign_in(await browser.get(where(client, request_uri, **more)), await app.sign_up())
    answer = await browser.fill(consent, decision="allow")

    assert answer.headers["location"].startswith(f"{client.redirect_uri}?")
    assert back(answer)["state"] == "a state"
    assert "own:write" not in (await client.exchange(back(answer)["code"])).json()["scope"]


async def test_another_client_cannot_use_it(app, client, manager):
    request_uri = (await push(client)).json()["request_uri"]
    thief = await made(app, manager, name="Thief")

    assert is_refused(await Browser(app).get(where(thief, request_uri)))
    assert "Sign in" in (await Browser(app).get(where(client, request_uri))).text


@pytest.mark.parametrize("request_uri", ["urn:ietf:params:oauth:request_uri:", "urn:ietf:params:oauth:request_uri:none"])
async def test_an_address_that_is_none_is_told_to_nobody(app, client, request_uri):
    assert is_refused(await Browser(app).get(where(client, request_uri)))


WRONG = [
    ({"redirect_uri": "https://evil.example.com/"}, "invalid_request"),
    ({"redirect_uri": None}, "invalid_request"),
    ({"scope": "users:read"}, "invalid_scope"),
    ({"code_challenge": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),
    ({"request": "x"}, "request_not_supported"),
    ({"max_age": "soon"}, "invalid_request"),
]


@pytest.mark.parametrize(("more", "error"), WRONG)
async def test_what_is_wrong_is_told_at_once(client, more, error):
    answer = await push(client, **more)

    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_a_client_proves_itself_first(app, client):
    answer = await app.post(PAR, data=query_of(client.request()), auth=(client.id, "wrong"))

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("more", [{"prompt": "login"}, {"max_age": "0"}])
async def test_a_fresh_sign_in_is_asked_for_once(app, client, more):
    user, browser = await app.sign_up(), Browser(app)
    await client.code(user, browser=browser)

    page = await browser.get(await pushed(client, **more))

    assert "code" in back(await browser.sign_in(page, user))


async def test_using_another_account_signs_in_once_more(app, client):
    first, second, browser = await app.sign_up(), await app.sign_up(), Browser(app)
    address = await pushed(client)
    await browser.sign_in(await browser.get(address), first)

    consent = await browser.sign_in(await browser.get(f"{address}&prompt=login"), second)

    assert second.email in consent.text


async def test_a_request_pushed_with_a_key_gives_tokens_for_that_key(app, client):
    prover, browser = Prover(), Browser(app)
    form = {**query_of(client.request())}
    answer = await app.post(PAR, data=form, auth=(client.id, client.secret), headers={"DPoP": prover.proof("POST", PAR)})

    consent = await browser.sign_in(await browser.get(where(client, answer.json()["request_uri"])), await app.sign_up())
    code = back(await browser.fill(consent, decision="allow"))["code"]

    assert (await client.exchange(code)).json()["error"] == "invalid_grant"


async def test_a_key_other_than_the_named_one_is_refused(app, client):
    form = {**query_of(client.request()), "dpop_jkt": "x" * 43}

    answer = await app.post(PAR, data=form, auth=(client.id, client.secret), headers={"DPoP": Prover().proof("POST", PAR)})

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")
