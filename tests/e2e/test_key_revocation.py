"""What ends an API key, ends it within a second in every process, and its budget is one for all of them (R-099, D-06, D-25)."""

import asyncio
from collections import Counter

import pytest

from mainspring.modules.access.service import AssignmentService
from mainspring.modules.users.service import UserService
from mainspring.testing.client import PASSWORD

from .test_revocation import BOUND_SECONDS, seconds_until

EMAIL = "ada@example.com"
KEYS = "/api/v1/api-keys"


@pytest.fixture
async def client(server):
    async with server(workers=2).client() as client:
        wish = {"email": EMAIL, "password": PASSWORD, "name": "Ada Lovelace"}
        (await client.post("/api/v1/auth/register", json=wish)).raise_for_status()
        answer = await client.post("/api/v1/auth/login", json={"email": EMAIL, "password": PASSWORD})
        client.headers["X-Access-Token"] = answer.json()["accessToken"]
        yield client


async def key(client, **wishes):
    answer = await client.post(KEYS, json={"name": "Robot", "scopes": ["own:read", "products:read"], **wishes})
    answer.raise_for_status()
    made = answer.json()
    del client.headers["X-Access-Token"]
    # each request its own connection, so that both processes are asked
    return made, {"X-API-Key": made["key"], "Connection": "close"}


@pytest.mark.slow
@pytest.mark.parametrize("deed", ["revoke", "rotate", "disable", "drop role"])
async def test_an_ended_key_is_dead_everywhere_within_a_second(client, application, deed):
    owner = {"X-Access-Token": client.headers["X-Access-Token"]}
    made, headers = await key(client)
    answers = await asyncio.gather(*(client.get("/api/v1/products", headers=headers) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}

    if deed == "revoke":
        (await client.delete(f"{KEYS}/{made['id']}", headers=owner)).raise_for_status()
    elif deed == "rotate":
        (await client.post(f"{KEYS}/{made['id']}/rotation", headers=owner, json={"overlap": "0s"})).raise_for_status()
    else:
        async with application.unit() as uow:
            user = await UserService(uow).of_address(EMAIL)
            if deed == "disable":
                await UserService(uow).set_active(user.id, False)
            else:
                await AssignmentService(uow).unassign(None, user.id, "user")

    refused = {"drop role": 403}.get(deed, 401)
    assert await seconds_until(client, headers, "/api/v1/products", refused, also=429) <= BOUND_SECONDS


@pytest.mark.slow
async def test_two_processes_share_the_budget_of_a_key(client):
    _, headers = await key(client, requestsPerMinute=40)

    statuses = Counter()
    for _ in range(5):
        answers = await asyncio.gather(*(client.get("/api/v1/users/me", headers=headers) for _ in range(40)))
        statuses.update(answer.status_code for answer in answers)

    assert statuses == {200: 40, 429: 160}
