"""Whom one may see and change."""

import asyncio

import pytest

from mainspring.core.observability.logs import captured_logs
from mainspring.modules.access.service import AssignmentService

pytestmark = pytest.mark.anyio

USERS = "/api/v1/users"


def path(user):
    return f"{USERS}/{user.id}"


async def test_a_stranger_is_not_found_and_the_refusal_is_logged(app, ada, bob):
    # D-19, R-114, R-340
    with captured_logs() as lines:
        for method in ("GET", "PATCH", "DELETE"):
            body = {"json": {"name": "Eve"}} if method == "PATCH" else {}
            answer = await app.as_(bob).request(method, path(ada), **body)
            assert answer.status_code == 404
            assert answer.json()["error"]["message"] == f"User {ada.id} was not found"

    refusals = [line for line in lines if line["message"] == "resource_access_denied"]
    assert len(refusals) == 3
    assert refusals[0]["userId"] == str(bob.id)
    assert refusals[0]["resourceId"] == refusals[0]["ownerId"] == str(ada.id)


async def test_a_missing_user_answers_as_a_strange_one(app, ada, admin):
    missing = "01890a5d-ac96-774b-bcce-b302099a8057"

    for caller in (ada, admin):
        answer = await app.as_(caller).get(f"{USERS}/{missing}")
        assert answer.status_code == 404
        assert answer.json()["error"]["message"] == f"User {missing} was not found"


async def test_oneself_is_found_under_ones_id(app, ada):
    #
    answer = await app.as_(ada).get(path(ada))

    assert answer.status_code == 200
    assert "permissions" not in answer.json()


async def test_readers_see_but_do_not_change(app, ada, people):
    reader = await people.with_grant("users:read")

    assert (await app.as_(reader).get(path(ada))).status_code == 200
    answer = await app.as_(reader).patch(path(ada), json={"name": "Eve"})
    assert answer.status_code == 403
    assert answer.json()["error"]["message"] == "Permission 'users:update' required"
    assert (await app.as_(reader).delete(path(ada))).status_code == 403


async def test_disabling_ends_every_session_and_enabling_revives_none(app, ada, admin):
    # D-06, ASVS 7.4.2
    assert (await app.as_(admin).patch(path(ada), json={"isActive": False})).status_code == 200
    assert (await app.as_(ada).get(f"{USERS}/me")).status_code == 401

    assert (await app.as_(admin).patch(path(ada), json={"isActive": True})).json()["isActive"] is True

    assert (await app.as_(ada).get(f"{USERS}/me")).status_code == 401
    assert (await app.post("/api/v1/auth/refresh", json={"refreshToken": ada.refresh_token})).status_code == 401
    assert (await app.sign_in(ada.email)).id == ada.id


async def test_nobody_changes_his_own_status(app, admin):
    #
    answer = await app.as_(admin).patch(path(admin), json={"isActive": False})

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "users.own_status"


async def test_who_is_no_administrator_cannot_touch_one(app, admin, people):
    keeper = await people.with_grant("users:read", "users:update", "users:delete")

    for answer in (
        await app.as_(keeper).patch(path(admin), json={"isActive": False}),
        await app.as_(keeper).patch(path(admin), json={"name": "Nobody"}),
        await app.as_(keeper).delete(path(admin)),
    ):
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "access.administrator_protected"


async def test_a_deleted_administrator_is_restored_by_administrators_only(app, admin, people):
    other = await people.with_role("admin")
    keeper = await people.with_grant("users:restore")
    await app.as_(admin).delete(path(other))

    assert (await app.as_(keeper).post(f"{path(other)}/restoration")).status_code == 403
    assert (await app.as_(admin).post(f"{path(other)}/restoration")).status_code == 200


async def test_the_last_administrator_stays(app, admin):
    answer = await app.as_(admin).delete(f"{USERS}/me", json={"currentPassword": admin.password})

    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "access.last_administrator"


async def test_two_administrators_who_delete_each_other_leave_one(app, admin, people):
    other = await people.with_role("admin")

    answers = await asyncio.gather(app.as_(admin).delete(path(other)), app.as_(other).delete(path(admin)))

    async with app.application.reading() as uow:
        left = await AssignmentService(uow).administrators()
    assert len(left) == 1
    assert sorted(answer.status_code for answer in answers)[0] == 204


async def test_a_deleted_account_can_be_restored_by_permission(app, ada, admin):
    #
    await app.as_(admin).delete(path(ada))

    assert (await app.as_(admin).post(f"{path(ada)}/restoration")).json()["email"] == ada.email

    assert (await app.sign_in(ada.email)).id == ada.id


async def test_a_restored_account_cannot_take_an_address_back(app, ada, admin):
    await app.as_(admin).delete(path(ada))
    await app.sign_up(ada.email)

    answer = await app.as_(admin).post(f"{path(ada)}/restoration")

    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "users.email_taken"


async def test_users_are_listed_by_permission_with_pages_sorts_and_filters(app, ada, bob, admin):
    #
    assert (await app.as_(ada).get(USERS)).status_code == 403

    page = (await app.as_(admin).get(USERS, params={"sort": "name", "limit": 2})).json()
    assert [user["name"] for user in page["data"]] == ["Ada Lovelace", "Bob Noyce"]
    assert page["pagination"] == {"page": 1, "limit": 2, "total": 3, "pages": 2}
    newest = (await app.as_(admin).get(USERS)).json()["data"]
    assert [user["name"] for user in newest] == ["Grace Hopper", "Bob Noyce", "Ada Lovelace"]
    one = (await app.as_(admin).get(USERS, params={"email": "ADA@example.com"})).json()["data"]
    assert [user["id"] for user in one] == [str(ada.id)]
    assert one[0]["roles"] == ["user"]
    assert (await app.as_(admin).get(USERS, params={"sort": "email"})).status_code == 422
    assert (await app.as_(admin).get(USERS, params={"limit": 101})).status_code == 422


async def test_a_cursor_walks_over_all_users(app, ada, bob, admin):
    #
    seen, cursor = [], ""
    while cursor is not None:
        page = (await app.as_(admin).get(USERS, params={"sort": "name", "limit": 1, "cursor": cursor})).json()
        seen += [user["name"] for user in page["data"]]
        cursor = page["pagination"].get("nextCursor")

    assert seen == ["Ada Lovelace", "Bob Noyce", "Grace Hopper"]


async def test_the_list_for_administrators_is_for_administrators(app, admin, people):
    #
    reader = await people.with_role("moderator")

    answer = await app.as_(reader).get("/api/v1/admin/users")

    assert answer.status_code == 403
    assert answer.json()["error"]["message"] == "This endpoint requires one of roles: admin"
    assert (await app.as_(admin).get("/api/v1/admin/users")).status_code == 200
