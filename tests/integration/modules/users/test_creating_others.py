"""Accounts made by somebody else."""

import pytest

from mainspring.testing.client import PASSWORD

pytestmark = pytest.mark.anyio

WISH = {"email": "new@example.com", "password": PASSWORD, "firstName": "New", "lastName": "Person"}


@pytest.mark.parametrize("path", ["/api/v1/users", "/api/v1/admin/users"])
async def test_an_administrator_makes_accounts_and_chooses_roles(app, admin, path):
    #
    answer = await app.as_(admin).post(path, json={**WISH, "roles": ["user", "moderator"]})

    user = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1/users/{user['id']}"
    assert user["name"] == "New Person"
    assert user["roles"] == ["moderator", "user"]
    assert str((await app.sign_in("new@example.com")).id) == user["id"]


async def test_it_needs_the_permission(app, ada):
    #
    answer = await app.as_(ada).post("/api/v1/users", json=WISH)

    assert answer.status_code == 403
    assert "users:create" in answer.json()["error"]["message"]


async def test_nobody_makes_somebody_mightier_than_himself(app, people):
    maker = await people.with_grant("users:create")

    for roles in (["admin"], ["moderator"]):
        answer = await app.as_(maker).post("/api/v1/users", json={**WISH, "roles": roles})
        assert answer.status_code == 403
    assert (await app.as_(maker).post("/api/v1/users", json=WISH)).json()["roles"] == ["user"]


async def test_an_unknown_role_makes_no_user(app, admin):
    # the user, the credential and the roles are one transaction
    answer = await app.as_(admin).post("/api/v1/users", json={**WISH, "roles": ["wizard"]})

    assert answer.status_code == 404
    assert (await app.as_(admin).post("/api/v1/users", json=WISH)).status_code == 201
