"""Refresh tokens: used once, forgiven for a moment, deadly afterwards (R-074 to R-079, D-03 to D-05)."""

import asyncio
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from mainspring.core import clock
from mainspring.core.database import Statement, bind
from mainspring.core.observability.logs import captured_logs
from mainspring.modules.auth.models import RefreshToken, Session
from mainspring.modules.auth.sealing import token_hash
from mainspring.modules.auth.workflows.erasing import start

from .session_stores import EVERY_STORE

pytestmark = EVERY_STORE

REFRESH = "/api/v1/auth/refresh"
OF_USER = RefreshToken.session_id.in_(select(Session.id).where(Session.user_id == bind("user_id", Session.user_id)))
LIVE_TOKENS = Statement(select(func.count()).select_from(RefreshToken).where(RefreshToken.used_at.is_(None), OF_USER), int)
SEALED = Statement(select(func.count()).select_from(RefreshToken).where(RefreshToken.successor.is_not(None), OF_USER), int)
HASHES = Statement(select(RefreshToken.token_hash), str)


async def refreshed(app, token):
    return await app.post(REFRESH, json={"refreshToken": token})


def reason(answer):
    assert answer.status_code == 401, answer.text
    return answer.json()["error"]["details"]["reason"]


async def count(app, statement, user):
    async with app.application.reading() as uow:
        return await uow.value(statement, user_id=user.id)


async def test_refreshing_answers_as_signing_in_does_with_the_next_token(app, ada):
    #
    answer = await refreshed(app, ada.refresh_token)

    body = answer.json()
    assert answer.status_code == 200
    assert body["refreshToken"] != ada.refresh_token
    assert body["user"]["id"] == str(ada.id)
    me = await app.http.get("/api/v1/users/me", headers={"Authorization": f"Bearer {body['accessToken']}"})
    assert me.status_code == 200


async def test_the_session_stays_the_same(app, ada):
    #
    body = (await refreshed(app, ada.refresh_token)).json()

    sessions = (await app.as_(ada).get("/api/v1/auth/sessions")).json()["data"]
    assert len(sessions) == 1
    assert sessions[0]["lastUsedAt"] > sessions[0]["createdAt"]
    assert body["refreshExpiresAt"] <= sessions[0]["expiresAt"]


async def test_only_hashes_are_stored(app, ada):
    #
    async with app.application.reading() as uow:
        stored = await uow.all(HASHES)

    assert stored == [token_hash(ada.refresh_token)]


async def test_ten_at_once_get_the_same_successor(app, ada):
    # D-04, D-05
    token = ada.refresh_token
    for _ in range(10):
        answers = await asyncio.gather(*(refreshed(app, token) for _ in range(10)))
        assert {answer.status_code for answer in answers} == {200}
        (token,) = {answer.json()["refreshToken"] for answer in answers}
        assert await count(app, LIVE_TOKENS, ada) == 1


async def test_within_the_window_the_parent_is_forgiven(app, ada):
    first = (await refreshed(app, ada.refresh_token)).json()["refreshToken"]

    assert (await refreshed(app, ada.refresh_token)).json()["refreshToken"] == first


async def test_after_the_window_a_second_use_ends_the_family(app, ada):
    # R-078; the revocation outlives the 401
    answer = await refreshed(app, ada.refresh_token)
    body = answer.json()
    with time_machine.travel(clock.now() + timedelta(seconds=11)), captured_logs() as lines:
        assert reason(await refreshed(app, ada.refresh_token)) == "token_reused"
        assert reason(await refreshed(app, body["refreshToken"])) == "token_revoked"

    me = await app.http.get("/api/v1/users/me", headers={"Authorization": f"Bearer {body['accessToken']}"})
    assert reason(me) == "token_revoked"
    assert [line["activity"] for line in lines if line["message"] == "SUSPICIOUS_ACTIVITY"] == ["refresh_reuse"]


async def test_a_grandparent_ends_the_family_even_within_the_window(app, ada):
    # ARCHITECTURE 10 g
    first = (await refreshed(app, ada.refresh_token)).json()["refreshToken"]
    second = (await refreshed(app, first)).json()["refreshToken"]

    assert reason(await refreshed(app, ada.refresh_token)) == "token_reused"
    assert reason(await refreshed(app, second)) == "token_revoked"


async def test_the_owner_hears_of_a_stolen_session_once(app, ada):
    first = (await refreshed(app, ada.refresh_token)).json()["refreshToken"]
    await refreshed(app, first)
    await refreshed(app, ada.refresh_token)
    await refreshed(app, ada.refresh_token)
    again = await app.sign_in(ada.email)

    await app.work()

    told = (await app.as_(again).get("/api/v1/notifications")).json()["data"]
    assert [one["title"] for one in told] == ["A device was signed out for your safety"]
    assert "sessionId" in told[0]["data"]


async def test_reuse_ends_no_other_session(app, ada):
    other = await app.sign_in(ada.email)
    first = (await refreshed(app, ada.refresh_token)).json()["refreshToken"]
    await refreshed(app, first)
    await refreshed(app, ada.refresh_token)

    assert (await refreshed(app, other.refresh_token)).status_code == 200


async def test_an_unknown_token_is_invalid(app):
    #
    assert reason(await refreshed(app, "0" * 128)) == "token_invalid"


async def test_a_refresh_token_lives_seven_days(app, ada):
    #
    with time_machine.travel(clock.now() + timedelta(days=7, seconds=1)):
        assert reason(await refreshed(app, ada.refresh_token)) == "token_expired"


async def test_a_session_slides_for_thirty_days_and_no_longer(app, ada):
    # D-03
    token, start = ada.refresh_token, clock.now()
    for day in (6, 12, 18, 24, 29):
        with time_machine.travel(start + timedelta(days=day)):
            token = (await refreshed(app, token)).json()["refreshToken"]

    with time_machine.travel(start + timedelta(days=30, seconds=1)):
        assert reason(await refreshed(app, token)) == "token_expired"


class TestErasing:
    """What was sealed does not outlive its window (ARCHITECTURE 10 g)."""

    @pytest.fixture
    def environment(self):
        return {"REFRESH_GRACE": "1s"}

    async def test_the_process_that_sealed_erases(self, app, ada):
        await refreshed(app, ada.refresh_token)
        assert await count(app, SEALED, ada) == 1

        await asyncio.sleep(2.5)

        assert await count(app, SEALED, ada) == 0

    async def test_a_start_erases_what_a_killed_process_left(self, app, ada):
        await refreshed(app, ada.refresh_token)
        await asyncio.sleep(1.1)

        await start(app.application)

        assert await count(app, SEALED, ada) == 0


async def test_an_access_token_is_no_refresh_token_and_the_other_way_round(app, ada):
    # D-08
    me = await app.http.get("/api/v1/users/me", headers={"Authorization": f"Bearer {ada.refresh_token}"})

    assert reason(me) == "token_invalid"
    assert (await refreshed(app, ada.access_token)).status_code in (401, 422)


class TestStrict:
    """REFRESH_GRACE=0s: each token works once."""

    @pytest.fixture
    def environment(self):
        return {"REFRESH_GRACE": "0s"}

    async def test_a_second_use_ends_the_family_at_once(self, app, ada):
        body = (await refreshed(app, ada.refresh_token)).json()

        assert await count(app, SEALED, ada) == 0
        assert reason(await refreshed(app, ada.refresh_token)) == "token_reused"
        assert reason(await refreshed(app, body["refreshToken"])) == "token_revoked"

    async def test_of_ten_at_once_one_wins_and_the_family_is_dead(self, app, ada):
        answers = await asyncio.gather(*(refreshed(app, ada.refresh_token) for _ in range(10)))

        assert sum(answer.status_code == 200 for answer in answers) == 1
        assert (await app.as_(ada).get("/api/v1/users/me")).status_code == 401
