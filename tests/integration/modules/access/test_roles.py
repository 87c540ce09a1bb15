"""Roles: what they hold and who holds them."""

import asyncio

import pytest

from mainspring.modules.access.service import AssignmentService

pytestmark = pytest.mark.anyio

ROLES = "/api/v1/roles"


async def test_the_built_in_roles_are_there(app, admin):
    # D-21, R-107
    roles = {role["name"]: role for role in (await app.as_(admin).get(ROLES)).json()["data"]}

    assert set(roles) >= {"admin", "moderator", "user", "guest"}
    assert all(role["isBuiltIn"] for role in roles.values())
    assert "users:read" in roles["moderator"]["permissions"]
    assert "audit:read" in roles["admin"]["permissions"]


async def test_a_role_is_made_changed_and_deleted(app, admin):
    made = await app.as_(admin).post(ROLES, json={"name": "auditor", "description": "Reads", "permissions": ["audit:read"]})
    assert made.status_code == 201
    assert made.headers["location"] == "/api/v1/roles/auditor"

    changed = await app.as_(admin).patch(f"{ROLES}/auditor", json={"permissions": ["audit:read", "users:read"]})
    assert changed.json()["permissions"] == ["audit:read", "users:read"]
    assert changed.json()["description"] == "Reads"

    assert (await app.as_(admin).post(ROLES, json={"name": "auditor"})).status_code == 409
    assert (await app.as_(admin).delete(f"{ROLES}/auditor")).status_code == 204
    assert (await app.as_(admin).get(f"{ROLES}/auditor")).status_code == 404


async def test_an_unknown_permission_is_not_found(app, admin):
    #
    answer = await app.as_(admin).post(ROLES, json={"name": "wizard", "permissions": ["magic:cast"]})

    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "Permission not found"


async def test_built_in_roles_stay_and_admin_keeps_everything(app, admin):
    assert (await app.as_(admin).delete(f"{ROLES}/user")).status_code == 409
    assert (await app.as_(admin).patch(f"{ROLES}/admin", json={"permissions": []})).status_code == 409


async def test_a_role_counts_at_once_and_ends_no_session(app, ada, admin):
    # D-06, D-22, R-103
    roles = f"/api/v1/users/{ada.id}/roles"
    assert (await app.as_(ada).get("/api/v1/users")).status_code == 403

    assert (await app.as_(admin).post(roles, json={"role": "moderator"})).json()["roles"] == ["moderator", "user"]
    assert (await app.as_(ada).get("/api/v1/users")).status_code == 200

    assert (await app.as_(admin).delete(f"{roles}/moderator")).status_code == 204
    assert (await app.as_(ada).get("/api/v1/users")).status_code == 403
    assert (await app.as_(ada).get("/api/v1/users/me")).status_code == 200


async def test_a_change_of_a_role_reaches_all_its_holders(app, ada, admin):
    await app.as_(admin).patch(f"{ROLES}/user", json={"permissions": ["audit:read"]})

    assert (await app.as_(ada).get("/api/v1/audit")).status_code == 200


async def test_roles_are_replaced_as_a_whole(app, ada, admin):
    roles = f"/api/v1/users/{ada.id}/roles"

    assert (await app.as_(admin).put(roles, json={"roles": ["guest"]})).json()["roles"] == ["guest"]
    assert (await app.as_(admin).get(roles)).json() == {"userId": str(ada.id), "roles": ["guest"]}


async def test_unknown_users_roles_and_holdings_are_not_found(app, ada, admin):
    missing = "01890a5d-ac96-774b-bcce-b302099a8057"

    assert (await app.as_(admin).post(f"/api/v1/users/{missing}/roles", json={"role": "guest"})).status_code == 404
    assert (await app.as_(admin).post(f"/api/v1/users/{ada.id}/roles", json={"role": "wizard"})).status_code == 404
    assert (await app.as_(admin).delete(f"/api/v1/users/{ada.id}/roles/guest")).status_code == 404


async def test_nobody_changes_his_own_roles(app, admin):
    #
    for answer in (
        await app.as_(admin).put(f"/api/v1/users/{admin.id}/roles", json={"roles": ["user"]}),
        await app.as_(admin).post(f"/api/v1/users/{admin.id}/roles", json={"role": "guest"}),
        await app.as_(admin).delete(f"/api/v1/users/{admin.id}/roles/admin"),
    ):
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "access.own_access"


async def test_nobody_gives_what_he_does_not_hold(app, ada, people):
    assigner = await people.with_grant("roles:assign", "roles:manage", "roles:read")

    for answer in (
        await app.as_(assigner).post(f"/api/v1/users/{ada.id}/roles", json={"role": "admin"}),
        await app.as_(assigner).post(f"/api/v1/users/{ada.id}/roles", json={"role": "moderator"}),
        await app.as_(assigner).post(ROLES, json={"name": "reader", "permissions": ["audit:read"]}),
        await app.as_(assigner).patch(f"{ROLES}/user", json={"permissions": ["audit:read"]}),
    ):
        assert answer.status_code == 403
    made = await app.as_(assigner).post(ROLES, json={"name": "reader", "permissions": ["roles:read"]})
    assert made.status_code == 201
    assert (await app.as_(assigner).post(f"/api/v1/users/{ada.id}/roles", json={"role": "reader"})).status_code == 200


async def test_who_is_no_administrator_takes_no_administrator_down(app, admin, people):
    assigner = await people.with_grant("roles:assign")

    answer = await app.as_(assigner).put(f"/api/v1/users/{admin.id}/roles", json={"roles": []})

    assert answer.status_code == 403


async def test_two_administrators_who_dismiss_each_other_leave_one(app, admin, people):
    other = await people.with_role("admin")

    await asyncio.gather(
        app.as_(admin).delete(f"/api/v1/users/{other.id}/roles/admin"),
        app.as_(other).delete(f"/api/v1/users/{admin.id}/roles/admin"),
    )

    async with app.application.reading() as uow:
        assert len(await AssignmentService(uow).administrators()) == 1


async def test_the_last_administrator_is_not_dismissed_by_the_operator_either(app, admin):
    from mainspring.modules.access.errors import LastAdministrator

    with pytest.raises(LastAdministrator):
        async with app.application.unit() as uow:
            await AssignmentService(uow).unassign(None, admin.id, "admin")


async def test_the_permissions_are_listed_with_their_meaning(app, admin):
    page = (await app.as_(admin).get("/api/v1/permissions", params={"limit": 100})).json()

    known = {permission["name"]: permission["description"] for permission in page["data"]}
    assert known["users:read"] == "See other users"
    assert page["pagination"]["total"] == len(known)


async def test_an_empty_patch_changes_nothing(app, admin):
    path = "/api/v1/roles/clerk"
    await app.as_(admin).post("/api/v1/roles", json={"name": "clerk", "description": "Counts", "permissions": ["products:read"]})
    before = await app.as_(admin).get(path)

    answers = [
        await app.as_(admin).patch(path, json=body) for body in ({}, {"description": "Counts", "permissions": ["products:read"]})
    ]

    assert [answer.json() for answer in answers] == [before.json()] * 2
    assert (await app.as_(admin).get(path)).headers["etag"] == before.headers["etag"]
