"""A key gets a new secret, and the old one works on for a while (R-099)."""

import asyncio
from datetime import datetime, timedelta

import pytest
import time_machine

from mainspring.core import clock
from mainspring.modules.api_keys.settings import Settings
from tests.integration.races import assert_won_once

KEYS = "/api/v1/api-keys"


def rotate(app, user, made, **wish):
    options = {"json": wish} if wish else {}
    return app.as_(user).post(f"{KEYS}/{made['id']}/rotation", **options)


async def test_both_secrets_work_for_a_day_and_then_the_new_one_alone(app, ada, robots):
    made = await robots.key(ada, "own:read")

    answer = await rotate(app, ada, made)

    assert answer.status_code == 200
    rotated = answer.json()
    assert (rotated["id"], rotated["scopes"], answer.headers["cache-control"]) == (made["id"], ["own:read"], "no-store")
    old_until = datetime.fromisoformat(rotated["oldSecretUntil"])
    assert abs(old_until - clock.after(timedelta(hours=24))) < timedelta(minutes=1)
    assert [await robots.status(key, "GET", "/users/me") for key in (made["key"], rotated["key"])] == [200, 200]
    with time_machine.travel(old_until + timedelta(seconds=1)):
        old, new = [await robots.asks(key, "GET", "/users/me") for key in (made["key"], rotated["key"])]
    assert (old.status_code, old.json()["error"]["details"]) == (401, {"reason": "token_expired"})
    assert new.status_code == 200


async def test_without_an_overlap_the_old_secret_is_dead_at_once(app, ada, robots):
    made = await robots.key(ada, "own:read")
    assert await robots.status(made["key"], "GET", "/users/me") == 200

    rotated = (await rotate(app, ada, made, overlap="0s")).json()

    assert rotated["oldSecretUntil"] is None
    assert [await robots.status(key, "GET", "/users/me") for key in (made["key"], rotated["key"])] == [401, 200]


async def test_a_second_rotation_waits_for_the_end_of_the_first_or_cuts_it_off(app, ada, robots):
    first = await robots.key(ada, "own:read")
    second = (await rotate(app, ada, first)).json()

    refusal = await rotate(app, ada, first)
    assert (refusal.status_code, refusal.json()["error"]["code"]) == (409, "api_keys.rotation_under_way")

    third = (await rotate(app, ada, first, overlap="0s")).json()
    assert [await robots.status(made["key"], "GET", "/users/me") for made in (first, second, third)] == [401, 401, 200]


async def test_of_fifty_rotations_at_once_one_succeeds(app, ada, robots):
    for _ in range(5):
        made = await robots.key(ada, "own:read")

        answers = await asyncio.gather(*(rotate(app, ada, made) for _ in range(50)))

        assert_won_once((answer.status_code for answer in answers), 200, 409)
        winner = next(answer.json()["key"] for answer in answers if answer.status_code == 200)
        assert [await robots.status(key, "GET", "/users/me") for key in (made["key"], winner)] == [200, 200]


async def test_a_rotation_begins_a_new_life_and_the_old_secret_gets_none(app, ada, robots):
    made = await robots.key(ada, "own:read", expiresIn="30d")
    with time_machine.travel(clock.after(timedelta(days=29, hours=23, minutes=30)), tick=False):
        ada = await app.sign_in(ada.email)
        rotated = (await rotate(app, ada, made)).json()
        assert datetime.fromisoformat(rotated["expiresAt"]) == clock.after(timedelta(days=30))
        assert rotated["oldSecretUntil"] == made["expiresAt"]


async def test_a_key_that_ended_gets_no_new_secret(app, ada, robots):
    expired, revoked = await robots.key(ada, expiresIn="1s"), await robots.key(ada)
    await app.as_(ada).delete(f"{KEYS}/{revoked['id']}")

    with time_machine.travel(clock.after(timedelta(seconds=2))):
        answers = [await rotate(app, ada, made) for made in (expired, revoked)]

    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in answers] == [
        (409, "api_keys.expired"),
        (404, "api_keys.not_found"),
    ]


@pytest.mark.parametrize("overlap", ["31d", "soon", "-1s"])
async def test_an_overlap_has_a_form_and_an_end(app, ada, robots, overlap):
    answer = await rotate(app, ada, await robots.key(ada), overlap=overlap)

    assert (answer.status_code, answer.json()["error"]["details"][0]["field"]) == (422, "overlap")


async def test_the_usual_overlap_is_a_setting(app, ada, robots, monkeypatch):
    monkeypatch.setitem(app.application.settings._sections, Settings, Settings(overlap=timedelta(0)))

    assert (await rotate(app, ada, await robots.key(ada))).json()["oldSecretUntil"] is None
