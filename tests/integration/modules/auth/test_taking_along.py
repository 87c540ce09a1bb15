"""An archive of what is kept about oneself: made by a job from the answer of every module, for its owner, for a week."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine

from mainspring.core import clock
from mainspring.modules.auth.repository import DeletionRepository
from mainspring.modules.auth.schemas import MakeExport
from mainspring.modules.auth.service import ExportService
from mainspring.testing.client import PASSWORD

ASK = "/api/v1/users/me/export"


async def asked(app, user):
    answer = await app.as_(user).post(ASK)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/api/v1/users/me/exports/{answer.json()['id']}"
    return answer.headers["location"]


async def test_the_archive_holds_what_every_module_keeps(app, ada):
    place = await asked(app, ada)
    assert (await app.as_(ada).get(place)).json()["isReady"] is False

    await app.work()
    answer = await app.as_(ada).get(place)

    data = answer.json()["data"]
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["cache-control"] == "no-store"
    kept = {"users", "auth", "access", "notifications", "credits", "orders", "api_keys", "oauth", "organizations", "social"}
    assert set(data) == kept
    assert data["users"]["profile"]["email"] == ada.email
    assert [session["user_id"] for session in data["auth"]["sessions"]] == [str(ada.id)]
    assert data["access"]["roles"] == ["user"]
    assert data["credits"] == {"balance": 0, "entries": []}


async def test_it_holds_no_secret_and_nothing_of_others(app, ada, bob):
    place = await asked(app, ada)
    await app.work()

    text = (await app.as_(ada).get(place)).text

    assert not any(word in text for word in ("argon2", "hash", bob.email, str(bob.id), ada.refresh_token, PASSWORD))


class TestManyRows:
    """More rows than one question answers."""

    @pytest.fixture
    def environment(self):
        return {"RATE_LIMITS": "off"}

    async def test_every_row_is_in_it_however_many(self, app, ada):
        for _ in range(103):
            await app.sign_in(ada.email)
        place = await asked(app, ada)
        await app.work()

        sessions = (await app.as_(ada).get(place)).json()["data"]["auth"]["sessions"]

        assert len({session["id"] for session in sessions}) == 104


async def test_the_owner_is_told_when_it_is_ready(app, ada):
    await asked(app, ada)
    await app.work()

    told = (await app.as_(ada).get("/api/v1/notifications")).json()["data"]

    assert [one["title"] for one in told] == ["The archive of your data is ready"]


async def test_asking_many_times_makes_one(app, ada):
    places = await asyncio.gather(*(asked(app, ada) for _ in range(5)))

    assert len(set(places)) == 1


async def test_five_in_a_minute_are_enough(app, ada, bob):  # R-164, D-27
    answers = [await app.as_(ada).post(ASK) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [202] * 5 + [429]
    assert '"askForExport";q=5;w=60' in answers[0].headers["RateLimit-Policy"]
    assert 1 <= int(answers[5].headers["Retry-After"]) <= 61
    assert (await app.as_(bob).post(ASK)).status_code == 202


async def test_a_stranger_finds_nothing(app, ada, bob, admin):
    place = await asked(app, ada)
    await app.work()

    assert [(await app.as_(user).get(place)).status_code for user in (bob, admin, None)] == [404, 404, 401]


async def test_it_is_kept_for_a_week(app, ada):
    place = await asked(app, ada)
    await app.work()

    with time_machine.travel(clock.now() + timedelta(days=7, minutes=1), tick=True):
        async with app.application.unit() as uow:
            assert await ExportService(uow).forget_expired() == 1
    assert (await app.as_(ada).get(place)).status_code == 404


async def test_a_job_that_runs_twice_tells_once(app, ada):
    place = await asked(app, ada)
    await app.work()
    async with app.application.unit() as uow:
        uow.enqueue(MakeExport(UUID(place.rpartition("/")[2]), ada.id))
    await app.work()

    assert len((await app.as_(ada).get("/api/v1/notifications")).json()["data"]) == 1


async def test_whoever_is_erased_meanwhile_gets_none(app, ada):
    await asked(app, ada)
    async with app.application.unit() as uow:
        await DeletionRepository(uow).erase(ada.id)

    await app.work()  # raises what jobs died of
