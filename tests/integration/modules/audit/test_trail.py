"""The trail of changes (R-115, R-116)."""

import pytest

pytestmark = pytest.mark.anyio

AUDIT = "/api/v1/audit"


async def test_changes_leave_a_record_with_who_what_and_where(app, ada, admin):
    answer = await app.as_(ada).patch("/api/v1/users/me", json={"name": "Ada King"}, headers={"User-Agent": "tests/1"})

    query = {"resource": "user", "resourceId": str(ada.id), "action": "UPDATE"}
    page = (await app.as_(admin).get(AUDIT, params=query)).json()

    (record,) = page["data"]
    assert record["userId"] == str(ada.id)
    assert record["changes"] == {"name": ["Ada Lovelace", "Ada King"]}
    assert record["ipAddress"] == "127.0.0.1"
    assert record["userAgent"] == "tests/1"
    assert record["requestId"] == answer.headers["x-request-id"]
    assert record["createdAt"].endswith("Z")
    assert page["pagination"] == {"page": 1, "limit": 50, "total": 1, "pages": 1}


async def test_the_newest_come_first_and_filters_narrow(app, ada, bob, admin):
    for name in ("Ada King", "Ada Byron"):
        await app.as_(ada).patch("/api/v1/users/me", json={"name": name})

    mine = {"userId": str(ada.id), "action": "UPDATE"}
    records = (await app.as_(admin).get(AUDIT, params=mine)).json()["data"]
    assert [record["changes"]["name"][1] for record in records] == ["Ada Byron", "Ada King"]
    middle = records[0]["createdAt"]
    later = (await app.as_(admin).get(AUDIT, params={**mine, "from": middle})).json()["data"]
    earlier = (await app.as_(admin).get(AUDIT, params={**mine, "to": middle})).json()["data"]
    assert [record["id"] for record in later] == [records[0]["id"]]
    assert [record["id"] for record in earlier] == [records[1]["id"]]


async def test_a_refused_change_leaves_no_record(app, ada, admin):
    # ARCHITECTURE 3.3: the record is part of the transaction
    await app.as_(ada).patch("/api/v1/users/me", json={"age": 5})

    records = (await app.as_(admin).get(AUDIT, params={"userId": str(ada.id), "action": "UPDATE"})).json()["data"]

    assert records == []


async def test_signing_in_and_roles_are_in_the_trail_without_secrets(app, ada, admin):
    await app.as_(admin).post(f"/api/v1/users/{ada.id}/roles", json={"role": "guest"})
    await app.as_(ada).post("/api/v1/auth/logout")

    page = await app.as_(admin).get(AUDIT, params={"limit": 100})

    actions = {(record["resource"], record["action"]) for record in page.json()["data"]}
    assert actions >= {("user", "CREATE"), ("session", "LOGIN"), ("session", "LOGOUT"), ("user", "ASSIGN_ROLE")}
    assert ada.refresh_token not in page.text
    assert "argon2" not in page.text


async def test_the_trail_needs_its_permission(app, ada):
    assert (await app.as_(ada).get(AUDIT)).status_code == 403
    assert (await app.get(AUDIT)).status_code == 401
