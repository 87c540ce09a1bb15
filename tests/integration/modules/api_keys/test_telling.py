"""What happens to keys leaves a trail, and the owner hears of it (R-099, R-187)."""

from mainspring.core.observability.logs import captured_logs
from mainspring.modules.access.service import AssignmentService

KEYS = "/api/v1/api-keys"


async def told(app, user):
    return [one["title"] for one in (await app.as_(user).get("/api/v1/notifications")).json()["data"]]


async def test_each_change_is_in_the_trail_without_a_secret(app, admin, ada, robots):
    made = await robots.key(ada, "own:read")
    rotated = (await app.as_(ada).post(f"{KEYS}/{made['id']}/rotation")).json()
    await app.as_(ada).delete(f"{KEYS}/{made['id']}")

    answer = await app.as_(admin).get(f"/api/v1/audit?resource=api_key&resourceId={made['id']}")

    rows = answer.json()["data"]
    assert [row["action"] for row in rows] == ["REVOKE", "ROTATE", "CREATE"]
    assert {row["userId"] for row in rows} == {str(ada.id)}
    assert {tuple(sorted(row["changes"])) for row in rows} == {("expiresAt", "name", "scopes", "userId")}
    assert not any(text in answer.text for text in (made["key"], rotated["key"], "ecret"))


async def test_the_owner_hears_of_each_change(app, ada, robots):
    made = await robots.key(ada, name="Shop robot")
    await app.as_(ada).post(f"{KEYS}/{made['id']}/rotation")
    await app.as_(ada).delete(f"{KEYS}/{made['id']}")

    await app.work()

    assert await told(app, ada) == [
        'The API key "Shop robot" was revoked',
        'The API key "Shop robot" was rotated',
        'The API key "Shop robot" was made',
    ]
    assert made["key"] not in (await app.as_(ada).get("/api/v1/notifications")).text


async def test_of_a_service_accounts_keys_the_administrators_hear(app, admin, people, ada, robots):
    second = await people.with_role("admin")
    account = await robots.account(admin, name="Billing")
    await robots.key(admin, userId=account["id"], name="Robot")

    await app.work()

    assert await told(app, admin) == await told(app, second) == ['The API key "Robot" was made']
    assert await told(app, ada) == []
    body = (await app.as_(second).get("/api/v1/notifications")).json()["data"][0]["body"]
    assert account["email"] in body


async def test_of_the_keys_of_a_deleted_account_nobody_hears_any_more(app, admin, ada, robots):
    await robots.key(ada)
    await app.as_(admin).delete(f"/api/v1/users/{ada.id}")

    await app.work()

    rows = (await app.as_(admin).get("/api/v1/audit?resource=api_key")).json()["data"]
    assert [row["action"] for row in rows] == ["REVOKE", "CREATE"]
    async with app.application.reading() as uow:
        assert await AssignmentService(uow).administrators() == [admin.id]


async def test_the_log_names_the_key_that_asked(app, ada, robots):
    made = await robots.key(ada, "own:read")
    with captured_logs() as lines:
        await robots.asks(made["key"], "GET", "/users/me")
        await robots.asks(made["key"], "GET", "/api-keys")

    assert {str(line["keyId"]) for line in lines if line["logger"] == "access"} == {made["id"]}
    assert any(line["message"] == "people_only" for line in lines)
    assert made["key"] not in str(lines)
