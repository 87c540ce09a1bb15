"""Codes: bound to what they were asked with, used once (RFC 6749 4.1.2, RFC 7636, RFC 9700, ASVS 10.4)."""

import asyncio
from datetime import timedelta

import pytest

from mainspring.core import clock
from mainspring.modules.auth.service import SessionService
from tests.integration.races import assert_won_once

from .browser import Browser, back, made, with_token

AT_ONCE = 50
ROUNDS = 4
ME = "/api/v1/users/me"


async def reads(app, tokens):
    return (await app.get(ME, headers=with_token(tokens["access_token"]))).status_code


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_one_code_gives_tokens_once_however_many_try(app, client, round_):
    code = await client.code(await app.sign_up())

    answers = await asyncio.gather(*(client.exchange(code) for _ in range(AT_ONCE)))

    assert_won_once([answer.status_code for answer in answers], won=200, refused=400)
    assert {answer.json()["error"] for answer in answers if answer.status_code == 400} == {"invalid_grant"}
    tokens = next(answer.json() for answer in answers if answer.status_code == 200)
    assert await reads(app, tokens) == 401, "the second use ended what the first one gave"


async def test_a_second_use_ends_what_the_first_gave(app, client):
    code = await client.code(await app.sign_up())
    tokens = (await client.exchange(code)).json()
    assert await reads(app, tokens) == 200

    assert (await client.exchange(code)).json()["error"] == "invalid_grant"

    assert await reads(app, tokens) == 401
    assert (await client.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_another_client_neither_uses_a_code_nor_spoils_it(app, client, manager):
    code = await client.code(await app.sign_up())
    thief = await made(app, manager, name="Thief")
    thief.verifier = client.verifier

    assert (await thief.exchange(code)).json()["error"] == "invalid_grant"
    assert (await client.exchange(code)).status_code == 200


WRONG = [
    {"code_verifier": "x" * 43},
    {"code_verifier": ""},
    {"code_verifier": None},
    {"redirect_uri": "https://app.example.com/callback/"},
    {"redirect_uri": "https://evil.example.com/callback"},
    {"redirect_uri": None},
]


@pytest.mark.parametrize("form", WRONG)
async def test_a_code_without_its_verifier_and_address_is_worth_nothing(app, client, form):
    code = await client.code(await app.sign_up())

    answer = await client.exchange(code, **form)

    assert (answer.status_code, answer.json()["error"] in ("invalid_grant", "invalid_request")) == (400, True)


async def test_a_wrong_verifier_uses_the_code_up(app, client):
    code = await client.code(await app.sign_up())
    await client.exchange(code, code_verifier="x" * 43)

    assert (await client.exchange(code)).json()["error"] == "invalid_grant"


DOWNGRADES = [
    {"code_challenge": None, "code_challenge_method": None},
    {"code_challenge_method": None},
    {"code_challenge_method": "plain"},
    {"code_challenge_method": "s256"},
    {"code_challenge": "too-short"},
    {"code_challenge": "x" * 43 + "="},
]


@pytest.mark.parametrize("less", DOWNGRADES)
async def test_without_pkce_nobody_is_let_in(app, client, less):
    told = back(await Browser(app).get(client.request(**less)))

    assert (told["error"], told["state"]) == ("invalid_request", "a state")


async def test_a_code_lives_for_a_minute(app, client, monkeypatch):
    code, now = await client.code(await app.sign_up()), clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(seconds=61))

    assert (await client.exchange(code)).json()["error"] == "invalid_grant"


async def test_a_code_is_worth_nothing_once_its_user_signed_out_everywhere(app, client):
    user = await app.sign_up()
    code = await client.code(user)
    await app.as_(user).post("/api/v1/auth/logout-all")

    assert (await client.exchange(code)).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_no_client_slips_in_while_its_user_signs_out_everywhere(app, client, round_):
    user = await app.sign_up()
    code = await client.code(user)

    async def sign_out():
        async with app.application.unit() as uow:
            await SessionService(uow).end_all(user.id)

    answer, _ = await asyncio.gather(client.exchange(code), sign_out())

    if answer.status_code == 200:
        assert await reads(app, answer.json()) == 401


async def test_nor_once_the_consent_was_taken_back(app, client):
    user = await app.sign_up()
    code = await client.code(user)
    assert (await app.as_(user).delete(f"/api/v1/oauth-consents/{client.id}")).status_code == 204

    assert (await client.exchange(code)).json()["error"] == "invalid_grant"


async def test_what_ends_sessions_ends_what_clients_may_do(app, client, manager):
    user = await app.sign_up()
    tokens = await client.tokens(user)
    await app.as_(manager).patch(f"/api/v1/users/{user.id}", json={"isActive": False})

    assert await reads(app, tokens) == 401
    assert (await client.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
