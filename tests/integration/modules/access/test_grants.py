"""Permissions given to single users (R-108 to R-110)."""

import asyncio
from datetime import timedelta

import pytest
import time_machine

from mainspring.core import clock
from mainspring.core.observability.logs import captured_logs
from mainspring.core.security.snapshots import Snapshots

pytestmark = pytest.mark.anyio


def grants(user):
    return f"/api/v1/users/{user.id}/grants"


async def test_a_grant_counts_at_once_until_it_is_taken_back(app, ada, admin):
    answer = await app.as_(admin).post(grants(ada), json={"permission": "users:read"})
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{grants(ada)}/users:read"
    assert answer.json()["expiresAt"] is None
    assert (await app.as_(ada).get("/api/v1/users")).status_code == 200

    assert (await app.as_(admin).delete(f"{grants(ada)}/users:read")).status_code == 204
    assert (await app.as_(ada).get("/api/v1/users")).status_code == 403
    assert (await app.as_(admin).delete(f"{grants(ada)}/users:read")).status_code == 404


async def test_a_temporary_grant_ends_by_itself(app, ada, admin):
    # the end is decided when the permission is used
    answer = await app.as_(admin).post(grants(ada), json={"permission": "users:read", "expiresIn": "10m"})
    assert answer.status_code == 201
    assert (await app.as_(ada).get("/api/v1/users")).status_code == 200

    with time_machine.travel(clock.now() + timedelta(minutes=10, seconds=2)):
        app.application.resolve(Snapshots).forget_all()  # what is at most a second old in life is ten minutes old here
        assert (await app.as_(ada).get("/api/v1/users")).status_code == 403
        assert (await app.as_(admin).get(grants(ada))).json()["data"] == []


async def test_the_end_of_a_grant_is_felt_at_once(app, ada, admin):
    await app.as_(admin).post(grants(ada), json={"permission": "users:read", "expiresIn": "1s"})
    assert (await app.as_(ada).get("/api/v1/users")).status_code == 200

    await asyncio.sleep(1.0)

    assert (await app.as_(ada).get("/api/v1/users")).status_code == 403


async def test_an_end_can_be_a_moment(app, ada, admin):
    end = "2999-01-01T00:00:00Z"

    await app.as_(admin).post(grants(ada), json={"permission": "users:read", "expiresAt": end})

    (grant,) = (await app.as_(admin).get(grants(ada))).json()["data"]
    assert grant["permission"] == "users:read"
    assert grant["expiresAt"] == end
    assert grant["grantedBy"] == str(admin.id)


async def test_granting_again_changes_the_end(app, ada, admin):
    await app.as_(admin).post(grants(ada), json={"permission": "users:read", "expiresIn": "1h"})
    await app.as_(admin).post(grants(ada), json={"permission": "users:read"})

    (grant,) = (await app.as_(admin).get(grants(ada))).json()["data"]
    assert grant["expiresAt"] is None


@pytest.mark.parametrize(
    "wish",
    [
        {"expiresAt": "2001-01-01T00:00:00Z"},
        {"expiresAt": "2999-01-01T00:00:00"},
        {"expiresIn": "soon"},
        {"expiresIn": "0s"},
        {"expiresIn": "1h", "expiresAt": "2999-01-01T00:00:00Z"},
    ],
)
async def test_an_impossible_end_is_refused(app, ada, admin, wish):
    answer = await app.as_(admin).post(grants(ada), json={"permission": "users:read", **wish})

    assert answer.status_code == 422


async def test_an_unknown_permission_is_not_found(app, ada, admin):
    answer = await app.as_(admin).post(grants(ada), json={"permission": "magic:cast"})

    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "Permission not found"


async def test_nobody_grants_what_he_does_not_hold_nor_to_himself(app, ada, people):
    manager = await people.with_grant("grants:manage", "roles:read")

    beyond = await app.as_(manager).post(grants(ada), json={"permission": "audit:read"})
    own = await app.as_(manager).post(grants(manager), json={"permission": "roles:read"})

    assert (beyond.status_code, beyond.json()["error"]["code"]) == (403, "access.beyond_own")
    assert (own.status_code, own.json()["error"]["code"]) == (403, "access.own_access")
    assert (await app.as_(manager).post(grants(ada), json={"permission": "roles:read"})).status_code == 201


async def test_who_is_no_administrator_leaves_administrators_alone(app, admin, people):
    manager = await people.with_grant("grants:manage", "roles:assign", "roles:read", "users:read")

    given = await app.as_(manager).post(grants(admin), json={"permission": "roles:read"})
    assigned = await app.as_(manager).post(f"/api/v1/users/{admin.id}/roles", json={"role": "user"})

    assert (given.status_code, assigned.status_code) == (403, 403)
    assert given.json()["error"]["code"] == "access.administrator_protected"


async def test_a_refusal_names_the_permission_and_is_logged(app, ada):
    #
    with captured_logs() as lines:
        answer = await app.as_(ada).get("/api/v1/audit")

    assert answer.status_code == 403
    assert answer.json()["error"]["message"] == "Permission 'audit:read' required"
    (line,) = [line for line in lines if line["message"] == "insufficient_permissions"]
    assert line["userId"] == str(ada.id)
    assert line["required"] == ["audit:read"]
    assert line["endpoint"] == "/api/v1/audit"
    assert "held" in line
