"""`SESSION_STORE=redis` while Redis is gone or hangs: nobody counts as signed in, nobody waits, and it goes on by itself."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from mainspring.core.security.snapshots import MAX_AGE, Snapshots
from mainspring.modules.auth.service.examination import examine
from mainspring.testing.client import PASSWORD
from tests.integration.adapters.redis_servers import OwnRedis, own_redis

from .session_stores import IN_REDIS

pytestmark = IN_REDIS

ME = "/api/v1/users/me"
LOGIN = "/api/v1/auth/login"
REFRESH = "/api/v1/auth/refresh"
PATIENT = 10.0  # seconds until a client has noticed that Redis is back: two between tries, on a busy machine


@pytest.fixture
def session_redis(tmp_path, request) -> Iterator[OwnRedis]:
    """A Redis that the test may stop."""
    with own_redis(tmp_path) as server:
        if server is None:
            missing = "A Redis to stop was skipped: there is no program redis-server."
            pytest.fail(missing) if request.config.getoption("--complete") else pytest.skip(missing)
        yield server


async def answers_otherwise_than(app, user, status):
    """The first other status of somebody who keeps asking."""
    until = time.monotonic() + PATIENT
    while (found := (await app.as_(user).get(ME)).status_code) == status and time.monotonic() < until:
        await asyncio.sleep(0.05)
    return found


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_without_redis_nobody_counts_as_signed_in_and_it_goes_on_by_itself(app, ada, session_redis, how):
    assert (await app.as_(ada).get(ME)).status_code == 200

    (session_redis.kill if how == "killed" else session_redis.freeze)()
    await asyncio.sleep(MAX_AGE)
    began = time.monotonic()
    refused = await app.as_(ada).get(ME)
    took = time.monotonic() - began
    refresh = await app.post(REFRESH, json={"refreshToken": ada.refresh_token})
    login = await app.post(LOGIN, json={"email": ada.email, "password": PASSWORD})

    assert (refused.status_code, refresh.status_code, login.status_code) == (503, 503, 503)
    assert refused.json()["error"]["code"] == "SERVICE_UNAVAILABLE"
    assert "retry-after" in refused.headers
    assert took < 2.0  # a deadline of half a second, and a busy machine
    (session_redis.start if how == "killed" else session_redis.thaw)()
    assert await answers_otherwise_than(app, ada, 503) == (401 if how == "killed" else 200)
    again = await app.sign_in(ada.email)
    assert (await app.as_(again).get(ME)).status_code == 200


async def test_what_redis_was_not_told_of_never_happened(app, ada, session_redis):
    session_redis.freeze()
    app.application.resolve(Snapshots).forget_all()
    assert (await app.as_(ada).post("/api/v1/auth/logout")).status_code == 503

    session_redis.thaw()

    assert await answers_otherwise_than(app, ada, 503) == 200
    assert (await app.as_(ada).post("/api/v1/auth/logout")).status_code == 204
    assert await answers_otherwise_than(app, ada, 503) == 401


async def test_doctor_tells_of_a_redis_that_forgets_or_is_gone(application, session_redis):
    found = await examine(application)

    assert [(one.severity, "signed out" in one.sentence) for one in found] == [("advice", True)]
    assert "appendonly yes" in found[0].cure
    session_redis.kill()
    (wrong,) = await examine(application)
    assert (wrong.severity, "does not answer" in wrong.sentence) == ("wrong", True)


async def test_doctor_tells_of_a_redis_that_removes_keys_when_it_is_full(application, session_redis):
    session_redis.set("maxmemory", "100mb", "maxmemory-policy", "allkeys-lru", "appendonly", "yes")

    (advice,) = await examine(application)

    assert (advice.severity, "noeviction" in advice.cure) == ("advice", True)
