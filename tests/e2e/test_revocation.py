"""What ends a session, ends it within a second in every process (D-06)."""

import asyncio
import time

import pytest
from redis import Redis

from mainspring.modules.access.service import AssignmentService
from mainspring.modules.users.service import UserService
from mainspring.testing.client import PASSWORD
from tests.integration.adapters.redis_servers import own_redis

EMAIL = "ada@example.com"
BOUND_SECONDS = 1.0
REFUSALS_IN_A_ROW = 12  # so that both processes have refused


@pytest.fixture
def redis(tmp_path, request):
    with own_redis(tmp_path) as server:
        if server is None:
            missing = "Sessions in Redis were skipped: there is no program redis-server."
            pytest.fail(missing) if request.config.getoption("--complete") else pytest.skip(missing)
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request):
    return request.param.removesuffix("-redis")


@pytest.fixture
def environment(request):
    if not request.node.callspec.params["dialect"].endswith("-redis"):
        return {}
    return {"SESSION_STORE": "redis", "REDIS_URL": request.getfixturevalue("redis").url}


@pytest.fixture
async def client(server):
    async with server(workers=2).client() as client:
        wish = {"email": EMAIL, "password": PASSWORD, "name": "Ada Lovelace"}
        (await client.post("/api/v1/auth/register", json=wish)).raise_for_status()
        yield client


async def session(client):
    answer = await client.post("/api/v1/auth/login", json={"email": EMAIL, "password": PASSWORD})
    answer.raise_for_status()
    # each request its own connection, so that both processes are asked
    return {"Authorization": f"Bearer {answer.json()['accessToken']}", "Connection": "close"}


async def seconds_until(client, headers, path, status, also=None):
    """When the path last answered otherwise than with `status`; both processes were asked before, so both remember."""
    started, in_a_row = time.monotonic(), 0
    last_otherwise = started
    while in_a_row < REFUSALS_IN_A_ROW and time.monotonic() - started < 5:
        answer = await client.get(path, headers=headers)
        if answer.status_code in (status, also):
            in_a_row += 1
        else:
            last_otherwise, in_a_row = time.monotonic(), 0
    assert in_a_row >= REFUSALS_IN_A_ROW, f"never {status} everywhere"
    return last_otherwise - started


async def warm(client, headers):
    answers = await asyncio.gather(*(client.get("/api/v1/users/me", headers=headers) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}


@pytest.mark.slow
@pytest.mark.parametrize("deed", ["logout", "logout-all", "change-password", "disable", "delete"])
async def test_an_ended_session_is_dead_everywhere_within_a_second(client, application, deed):
    headers = await session(client)
    other = await session(client)
    await warm(client, headers)

    if deed == "change-password":
        body = {"currentPassword": PASSWORD, "newPassword": "a quite different sentence"}
        answer = await client.post("/api/v1/auth/change-password", headers=other, json=body)
    elif deed == "disable":
        async with application.unit() as uow:
            await UserService(uow).set_active((await UserService(uow).of_address(EMAIL)).id, False)
        answer = None
    elif deed == "delete":
        answer = await client.request("DELETE", "/api/v1/users/me", headers=other, json={"currentPassword": PASSWORD})
    else:
        answer = await client.post(f"/api/v1/auth/{deed}", headers=headers)

    assert answer is None or answer.status_code in (202, 204)
    assert await seconds_until(client, headers, "/api/v1/users/me", 401) <= BOUND_SECONDS


@pytest.mark.slow
@pytest.mark.parametrize("dialect", ["postgresql-redis"], indirect=True)
@pytest.mark.parametrize("deed", ["logout-all", "disable", "delete key"])
async def test_sessions_in_redis_are_dead_everywhere_within_a_second_too(client, application, redis, deed):
    """R-086; the last deed is that of somebody who ends a session in Redis itself."""
    headers = await session(client)
    await warm(client, headers)

    if deed == "logout-all":
        assert (await client.post("/api/v1/auth/logout-all", headers=headers)).status_code == 204
    elif deed == "disable":
        async with application.unit() as uow:
            await UserService(uow).set_active((await UserService(uow).of_address(EMAIL)).id, False)
    else:
        with Redis(port=redis.port) as connection:
            assert connection.delete(*connection.keys("session:*")) == 1

    assert await seconds_until(client, headers, "/api/v1/users/me", 401) <= BOUND_SECONDS


@pytest.mark.slow
async def test_a_role_counts_everywhere_within_a_second_and_ends_no_session(client, application):
    headers = await session(client)
    await warm(client, headers)

    async with application.unit() as uow:
        user = await UserService(uow).of_address(EMAIL)
        await AssignmentService(uow).assign(None, user.id, "moderator")
    assert await seconds_until(client, headers, "/api/v1/users", 200) <= BOUND_SECONDS

    async with application.unit() as uow:
        await AssignmentService(uow).unassign(None, user.id, "moderator")
    assert await seconds_until(client, headers, "/api/v1/users", 403) <= BOUND_SECONDS
    assert (await client.get("/api/v1/users/me", headers=headers)).status_code == 200
