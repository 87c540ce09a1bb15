"""`SESSION_STORE=redis`: what Redis does not hold is not alive, and neither is what the rows say has ended (R-086)."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from redis import Redis
from sqlalchemy import update

from mainspring.core.database import Statement, bind
from mainspring.core.security.snapshots import Snapshots
from mainspring.modules.auth.errors import SessionNotFound
from mainspring.modules.auth.models import RefreshToken, Session
from mainspring.modules.auth.rows import Proof
from mainspring.modules.auth.service import Admission, SessionService
from mainspring.testing.client import PASSWORD, AppClient, SignedIn

from .session_stores import IN_REDIS
from .ways_of_ending import WAYS

pytestmark = IN_REDIS

AUTH = "/api/v1/auth"
ME = "/api/v1/users/me"
ELSEWHERE = UUID(int=4711)
BEGUN_ELSEWHERE: Statement[None] = Statement(update(Session).values(origin_id=bind("origin_id", Session.origin_id)))
REVIVED: Statement[None] = Statement(update(Session).values(ended_at=None, end_reason=None))
USED_LONG_AGO: Statement[None] = Statement(update(RefreshToken).values(used_at=bind("at", RefreshToken.used_at), successor=None))


@pytest.fixture
def redis(session_redis) -> Iterator[Redis]:
    with Redis(port=session_redis.port, decode_responses=True) as redis:
        yield redis


def keys(redis: Redis) -> list[str]:
    return sorted(redis.scan_iter("session:*"))


async def session_of(app: AppClient, user: SignedIn) -> UUID:
    (found,) = [one["id"] for one in (await app.as_(user).get(f"{AUTH}/sessions")).json()["data"] if one["current"]]
    return UUID(found)


async def sees(app: AppClient, user: SignedIn) -> int:
    """What the user's token answers to a process that knows nothing of the session yet."""
    app.application.resolve(Snapshots).forget_all()
    return (await app.as_(user).get(ME)).status_code


async def refreshes(app: AppClient, user: SignedIn) -> str:
    answer = await app.post(f"{AUTH}/refresh", json={"refreshToken": user.refresh_token})
    return "ok" if answer.status_code == 200 else answer.json()["error"]["details"]["reason"]


async def test_a_key_lives_as_long_as_its_session_and_tells_nobody_anything(app, ada, redis):
    session_id = await session_of(app, ada)

    (key,) = keys(redis)
    assert key == f"session:mainspring:{session_id}"
    assert redis.get(key).isdigit()
    assert timedelta(days=30) - timedelta(minutes=1) < timedelta(milliseconds=redis.pttl(key)) <= timedelta(days=30)


async def test_a_session_that_redis_does_not_hold_is_over(app, ada, bob, redis):
    redis.delete(f"session:mainspring:{await session_of(app, ada)}")

    assert (await sees(app, ada), await refreshes(app, ada)) == (401, "token_revoked")
    assert (await sees(app, bob), await refreshes(app, bob)) == (200, "ok")


async def test_a_redis_that_was_emptied_signs_everybody_out_and_in_again(app, ada, redis):
    redis.flushall()

    assert (await sees(app, ada), await refreshes(app, ada)) == (401, "token_revoked")
    again = await app.sign_in(ada.email)
    assert (await sees(app, again), await refreshes(app, again)) == (200, "ok")
    listed = (await app.as_(again).get(f"{AUTH}/sessions")).json()
    assert [one["current"] for one in listed["data"]] == [True]  # the row of the lost one is not shown
    assert len(keys(redis)) == 1


async def test_an_old_dump_of_redis_revives_nobody(app, ada, redis):
    (key,) = keys(redis)
    value = redis.get(key)
    assert (await app.as_(ada).post(f"{AUTH}/logout")).status_code == 204
    assert keys(redis) == []

    redis.set(key, value, ex=3600)

    assert (await sees(app, ada), await refreshes(app, ada)) == (401, "token_revoked")


async def test_an_old_backup_of_the_database_revives_nobody(app, ada):
    assert (await app.as_(ada).post(f"{AUTH}/logout")).status_code == 204
    async with app.application.unit() as uow:
        await uow.run(REVIVED)

    assert (await sees(app, ada), await refreshes(app, ada)) == (401, "token_revoked")


async def test_a_proof_counts_from_the_earlier_moment_that_row_and_redis_tell(app, ada, redis):
    (key,) = keys(redis)
    end = redis.pexpiretime(key)
    before = int(redis.get(key))

    answer = await app.as_(ada).post(f"{AUTH}/step-up", json={"password": PASSWORD})

    assert answer.status_code == 204
    assert int(redis.get(key)) > before
    assert redis.pexpiretime(key) == end
    redis.set(key, before - 3_600_000_000, keepttl=True)
    app.application.resolve(Snapshots).forget_all()
    refused = await app.as_(ada).post(f"{AUTH}/mfa/totp/enroll")
    assert refused.json()["error"]["code"] == "auth.step_up_required"


async def test_a_proof_brings_back_no_session_that_redis_lost(app, ada, redis):
    session_id = await session_of(app, ada)
    redis.flushall()

    with pytest.raises(SessionNotFound):
        async with app.application.unit() as uow:
            await SessionService(uow).step_up(ada.id, session_id, None)

    assert keys(redis) == []


async def test_an_end_whose_commit_fails_signs_out_and_a_beginning_opens_nothing(app, ada, bob, redis):
    with pytest.raises(ZeroDivisionError):
        async with app.application.unit() as uow:
            await SessionService(uow).end_all(ada.id)
            await Admission(uow).admit(Proof(bob.id, "password"), "bearer")
            raise ZeroDivisionError

    assert (await sees(app, ada), await sees(app, bob)) == (401, 200)
    assert len(keys(redis)) == 2  # bob's, and one that nobody has a token of


@pytest.mark.parametrize("name", WAYS)
async def test_every_way_of_ending_a_session_takes_it_out_of_redis(app, ada, admin, redis, name):
    session_id = await session_of(app, ada)
    assert redis.exists(f"session:mainspring:{session_id}")

    await WAYS[name](app, ada, admin, session_id)

    assert not redis.exists(f"session:mainspring:{session_id}")
    assert await sees(app, ada) == 401
    assert await refreshes(app, ada) != "ok"
    assert await sees(app, admin) == 200


@pytest.mark.parametrize("how", ["stopping", "logging out oneself", "losing one's own session"])
async def test_acting_as_another_ends_in_redis_too(app, ada, admin, redis, how):
    own = await session_of(app, admin)
    begun = await app.as_(admin).post(f"/api/v1/users/{ada.id}/impersonation", json={"reason": "Ticket 4711: no orders"})
    headers = {"Authorization": f"Bearer {begun.json()['accessToken']}"}
    assert (await app.get(ME, headers=headers)).status_code == 200
    assert len(keys(redis)) == 3

    if how == "stopping":
        assert (await app.as_(admin).delete(f"/api/v1/users/{ada.id}/impersonation")).status_code == 204
    elif how == "logging out oneself":
        await app.as_(admin).post(f"{AUTH}/logout")
    else:
        redis.delete(f"session:mainspring:{own}")
        app.application.resolve(Snapshots).forget_all()

    assert (await app.get(ME, headers=headers)).status_code == 401
    assert await sees(app, ada) == 200
    assert len(keys(redis)) == {"stopping": 2, "logging out oneself": 1, "losing one's own session": 2}[how]
