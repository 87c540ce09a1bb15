"""Accounts for programs: no password, no sign-in, keys made by those who may (R-099)."""

from uuid import UUID

import pytest

from mainspring.core.security.tokens import AccessTokens
from mainspring.modules.auth.rows import Proof
from mainspring.modules.auth.service.opening import open_session
from mainspring.modules.users.service import UserService
from mainspring.testing.client import PASSWORD

KEYS, ACCOUNTS = "/api/v1/api-keys", "/api/v1/service-accounts"


async def test_an_account_for_a_program_has_an_address_that_no_mail_reaches(app, admin, robots):
    made = await robots.account(admin, "user", name="Büro-Export Nr. 2")

    assert (made["kind"], made["name"], made["roles"], made["isActive"]) == ("service", "Büro-Export Nr. 2", ["user"], True)
    assert made["email"].startswith("buro-export-nr-2-")
    assert made["email"].endswith("@service.example")
    listed = (await app.as_(admin).get(ACCOUNTS)).json()
    assert [one["id"] for one in listed["data"]] == [made["id"]]
    assert (await app.as_(admin).get("/api/v1/users?kind=person")).json()["pagination"]["total"] == 1


async def test_it_cannot_sign_in_and_a_session_of_it_is_dead(app, admin, robots):
    made = await robots.account(admin, "user")
    for password in ("", "correct horse battery staple"):
        answer = await app.post("/api/v1/auth/login", json={"email": made["email"], "password": password})
        assert answer.status_code in (401, 422)

    async with app.application.unit() as uow:  # whatever way in somebody may add later
        tokens = await open_session(uow, Proof(UUID(made["id"]), "password"), "bearer", None)
    token = app.application.resolve(AccessTokens).issue(tokens.user_id, tokens.session_id).text
    assert (await app.get("/api/v1/users/me", headers={"X-Access-Token": token})).status_code == 401
    assert (await app.post("/api/v1/auth/refresh", json={"refreshToken": tokens.refresh_token})).status_code == 401


async def test_a_manager_handles_its_keys(app, admin, robots):
    account = await robots.account(admin, "user")

    made = await robots.key(admin, "products:read", userId=account["id"])

    assert (made["userId"], made["createdBy"]) == (account["id"], str(admin.id))
    assert await robots.status(made["key"], "GET", "/products") == 200
    assert [key["id"] for key in (await app.as_(admin).get(f"{KEYS}?userId={account['id']}")).json()["data"]] == [made["id"]]
    rotated = (await app.as_(admin).post(f"{KEYS}/{made['id']}/rotation")).json()
    assert await robots.status(rotated["key"], "GET", "/products") == 200
    assert (await app.as_(admin).delete(f"{KEYS}/{made['id']}")).status_code == 204
    assert await robots.status(rotated["key"], "GET", "/products") == 401


async def test_what_the_account_does_not_hold_its_key_does_not_open(app, admin, robots):
    account = await robots.account(admin)
    key = (await robots.key(admin, "products:read", userId=account["id"]))["key"]
    assert await robots.status(key, "GET", "/products") == 403

    await app.as_(admin).post(f"/api/v1/users/{account['id']}/grants", json={"permission": "products:read"})

    assert await robots.status(key, "GET", "/products") == 200


async def test_a_manager_who_may_less_gets_no_key_that_may_more(app, admin, people, robots):
    manager = await people.with_grant("api-keys:manage")
    account = await robots.account(admin)
    await app.as_(admin).post(f"/api/v1/users/{account['id']}/grants", json={"permission": "users:delete"})
    strong = await robots.key(admin, "users:delete", userId=account["id"])

    make = await app.as_(manager).post(KEYS, json={"name": "x", "scopes": ["users:delete"], "userId": account["id"]})
    rotation = await app.as_(manager).post(f"{KEYS}/{strong['id']}/rotation")
    roles = await app.as_(manager).post(ACCOUNTS, json={"name": "x", "roles": ["moderator"]})
    chief = await app.as_(manager).post(ACCOUNTS, json={"name": "x", "roles": ["admin"]})

    assert [answer.status_code for answer in (make, rotation, roles, chief)] == [403] * 4
    assert [answer.json()["error"]["code"] for answer in (make, rotation, roles)] == ["access.beyond_own"] * 3
    assert (await app.as_(manager).delete(f"{KEYS}/{strong['id']}")).status_code == 204


async def test_the_keys_of_an_administrating_account_are_for_administrators(app, admin, people, robots):
    manager = await people.with_grant("api-keys:manage", "products:read")
    account = await robots.account(admin, "admin")
    made = await robots.key(admin, userId=account["id"])

    answers = [
        await app.as_(manager).post(KEYS, json={"name": "x", "userId": account["id"]}),
        await app.as_(manager).post(f"{KEYS}/{made['id']}/rotation"),
        await app.as_(manager).delete(f"{KEYS}/{made['id']}"),
    ]

    assert [answer.json()["error"]["code"] for answer in answers] == ["access.administrator_protected"] * 3


async def test_nobody_gets_a_key_of_another_person(app, ada, admin, robots):
    made = await robots.key(ada)

    answers = [
        await app.as_(admin).post(KEYS, json={"name": "x", "userId": str(ada.id)}),
        await app.as_(admin).post(f"{KEYS}/{made['id']}/rotation"),
    ]

    assert [answer.json()["error"]["code"] for answer in answers] == ["api_keys.not_a_service_account"] * 2
    assert (await app.as_(admin).get(f"{KEYS}/{made['id']}")).status_code == 200
    assert (await app.as_(admin).delete(f"{KEYS}/{made['id']}")).status_code == 204


async def test_without_the_permission_nobody_makes_accounts_or_keys_for_others(app, ada, bob, admin, robots):
    account = await robots.account(admin)

    answers = [
        await app.as_(ada).post(ACCOUNTS, json={"name": "x"}),
        await app.as_(ada).post(KEYS, json={"name": "x", "userId": account["id"]}),
        await app.as_(ada).post(KEYS, json={"name": "x", "userId": str(bob.id)}),
    ]

    assert [answer.json()["error"]["details"] for answer in answers] == [{"required": ["api-keys:manage"]}] * 3


async def test_an_account_that_is_not_there(app, admin):
    answer = await app.as_(admin).post(KEYS, json={"name": "x", "userId": "019b76da-a800-7000-8000-000000000000"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "users.not_found")


async def test_a_service_account_is_no_administrator_who_could_stay_alone(app, admin, robots):
    await robots.account(admin, "admin")

    answer = await app.as_(admin).request("DELETE", "/api/v1/users/me", json={"currentPassword": PASSWORD})

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "access.last_administrator")


@pytest.mark.parametrize("deed", ["disable", "delete"])
async def test_shutting_the_account_out_kills_its_keys(app, admin, robots, deed):
    account = await robots.account(admin, "user")
    key = (await robots.key(admin, "products:read", userId=account["id"]))["key"]
    assert await robots.status(key, "GET", "/products") == 200

    if deed == "disable":
        await app.as_(admin).patch(f"/api/v1/users/{account['id']}", json={"isActive": False})
    else:
        await app.as_(admin).delete(f"/api/v1/users/{account['id']}")

    assert await robots.status(key, "GET", "/products") == 401


async def test_a_service_account_is_not_welcomed_by_mail(app, admin, robots):
    await app.work()
    before = (await app.get("/mail")).text.count("service.example")

    await robots.account(admin)
    await app.work()

    assert ((await app.get("/mail")).text.count("service.example"), before) == (0, 0)
    async with app.application.reading() as uow:
        assert await UserService(uow).standing([admin.id])
