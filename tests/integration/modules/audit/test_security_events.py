"""Every security event leaves a row in the trail (R-187)."""

from typing import Any

import orjson
import pytest
from sqlalchemy import select

from mainspring.core.audit.models import AuditEntry
from mainspring.core.audit.security_trail import SecurityTrail
from mainspring.core.database import Statement

ROWS: Statement[Any] = Statement(
    select(AuditEntry.action, AuditEntry.resource_id, AuditEntry.user_id, AuditEntry.ip_address, AuditEntry.changes).where(
        AuditEntry.resource == "security"
    )
)
ACTIONS = Statement(select(AuditEntry.action), str)

EVENTS = {
    "a wrong password": ("FAILED_LOGIN", None),
    "too many wrong passwords": ("SUSPICIOUS_ACTIVITY", "lock_out"),
    "a request that is one too many": ("RATE_LIMITED", "RATE_LIMITED"),
    "a forged token": ("SUSPICIOUS_ACTIVITY", "forged_token"),
    "a token that is none": ("CREDENTIAL_REFUSED", "token_invalid"),
    "a page of another site": ("SUSPICIOUS_ACTIVITY", "cross_site_request"),
    "a permission that is missing": ("ACCESS_REFUSED", "insufficient_permissions"),
    "a role that is missing": ("ACCESS_REFUSED", "unauthorized_access"),
    "something of a stranger": ("ACCESS_REFUSED", "resource_access_denied"),
}


@pytest.fixture
def trail(application):
    return application.resolve(SecurityTrail)


async def test_every_security_event_is_a_row(app, ada, bob, trail, database):
    wrong = {"email": ada.email, "password": "not the password at all"}
    for _ in range(6):
        await app.post("/api/v1/auth/login", json=wrong)
    head, claims, _ = ada.access_token.split(".")
    me = "/api/v1/users/me"
    await app.get(me, headers={"Authorization": f"Bearer {head}.{claims}.{'A' * 512}"})
    await app.get(me, headers={"Authorization": "Bearer something"})
    await app.patch(me, json={}, headers={"Cookie": f"accessToken={ada.access_token}", "Sec-Fetch-Site": "cross-site"})
    await app.as_(ada).get("/api/v1/audit")
    await app.as_(ada).get("/api/v1/admin/users")
    await app.as_(ada).patch(f"/api/v1/users/{bob.id}", json={"name": "Eve"})

    await trail.write(all=True)

    found = await database.begin_reading().all(ROWS)
    told = {(action, about) for action, about, *_ in found}
    assert told >= set(EVENTS.values())
    assert all(row[3] == "127.0.0.1" for row in found)
    assert {row[2] for row in found if row[0] == "ACCESS_REFUSED"} == {ada.id}
    assert b"not the password" not in orjson.dumps([row[4] for row in found])


async def test_reuse_of_a_refresh_token_is_one_row(app, ada, trail, database):
    for _ in range(2):
        answer = await app.post("/api/v1/auth/refresh", json={"refreshToken": ada.refresh_token})
    newest = answer.json()["refreshToken"]
    await app.post("/api/v1/auth/refresh", json={"refreshToken": newest})
    await app.post("/api/v1/auth/refresh", json={"refreshToken": ada.refresh_token})

    await trail.write(all=True)

    actions = await database.begin_reading().all(ACTIONS)
    assert actions.count("REFRESH_REUSE") == 1
    assert await database.begin_reading().all(ROWS) == []
