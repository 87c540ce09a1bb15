"""Ten tabs refresh at once, over HTTP, with two processes: everybody stays signed in, with one live token (D-04, D-05)."""

import asyncio
import time

import pytest
from sqlalchemy import func, select

from mainspring.core.database import Statement
from mainspring.modules.auth.models import RefreshToken
from mainspring.testing.client import PASSWORD

ROUNDS, TABS = 100, 10
LIVE_TOKENS = Statement(select(func.count()).select_from(RefreshToken).where(RefreshToken.used_at.is_(None)), int)


async def sign_up(client, email):
    wish = {"email": email, "password": PASSWORD, "name": "Ada Lovelace"}
    (await client.post("/api/v1/auth/register", json=wish)).raise_for_status()
    return await sign_in(client, email)


async def sign_in(client, email):
    answer = await client.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD})
    answer.raise_for_status()
    return answer.json()


async def refreshed(client, token):
    return await client.post("/api/v1/auth/refresh", json={"refreshToken": token})


async def seconds_until_dead(client, access_token, limit=3.0):
    """How long an access token is still accepted anywhere: it must be refused ten times in a row, so by every process."""
    headers = {"Authorization": f"Bearer {access_token}", "Connection": "close"}  # each time another connection
    started, refused = time.monotonic(), 0
    last_accepted = started
    while refused < 10 and time.monotonic() - started < limit:
        answer = await client.get("/api/v1/users/me", headers=headers)
        if answer.status_code == 200:
            last_accepted, refused = time.monotonic(), 0
        else:
            refused += 1
    assert refused >= 10, "still accepted"
    return last_accepted - started


@pytest.mark.slow
async def test_ten_parallel_refreshes_leave_one_live_token(server, application):
    running = server(workers=2)
    async with running.client() as client:
        session = await sign_up(client, "ada@example.com")
        for _ in range(ROUNDS):
            answers = await asyncio.gather(*(refreshed(client, session["refreshToken"]) for _ in range(TABS)))
            assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
            assert len({answer.json()["refreshToken"] for answer in answers}) == 1
            session = answers[0].json()
            async with application.reading() as uow:
                assert await uow.value(LIVE_TOKENS) == 1


@pytest.mark.slow
async def test_a_second_use_after_the_window_kills_everything_within_a_second(server):
    running = server(workers=2, env={"REFRESH_GRACE": "1s"})
    async with running.client() as client:
        first = await sign_up(client, "ada@example.com")
        second = (await refreshed(client, first["refreshToken"])).json()
        await asyncio.sleep(1.2)

        reused = await refreshed(client, first["refreshToken"])

        assert reused.status_code == 401
        assert reused.json()["error"]["details"]["reason"] == "token_reused"
        assert await seconds_until_dead(client, second["accessToken"]) <= 1.0
        assert await seconds_until_dead(client, first["accessToken"]) <= 1.0
        assert (await refreshed(client, second["refreshToken"])).status_code == 401


@pytest.mark.slow
async def test_a_grandparent_kills_everything_within_a_second(server):
    running = server(workers=2)
    async with running.client() as client:
        first = await sign_up(client, "ada@example.com")
        second = (await refreshed(client, first["refreshToken"])).json()
        third = (await refreshed(client, second["refreshToken"])).json()

        assert (await refreshed(client, first["refreshToken"])).status_code == 401

        assert await seconds_until_dead(client, third["accessToken"]) <= 1.0
        assert (await refreshed(client, third["refreshToken"])).status_code == 401


@pytest.mark.slow
async def test_without_grace_each_token_works_once(server):
    running = server(workers=2, env={"REFRESH_GRACE": "0s", "RATE_LIMITS": "false"})  # ninety refusals from one address
    async with running.client() as client:
        await sign_up(client, "ada@example.com")
        for _ in range(10):
            session = await sign_in(client, "ada@example.com")
            answers = await asyncio.gather(*(refreshed(client, session["refreshToken"]) for _ in range(TABS)))
            assert sum(answer.status_code == 200 for answer in answers) <= 1
            assert (await refreshed(client, session["refreshToken"])).status_code == 401
