"""What people do with their own account."""

import pytest

from mainspring.testing.client import PASSWORD

pytestmark = pytest.mark.anyio

ME = "/api/v1/users/me"


async def test_one_sees_oneself_whole(app, ada):
    #
    answer = await app.as_(ada).get(ME)

    me = answer.json()
    assert answer.status_code == 200
    assert set(me) == {
        "id",
        "kind",
        "name",
        "firstName",
        "lastName",
        "email",
        "roles",
        "permissions",
        "isActive",
        "emailVerified",
        "mfaEnabled",
        "age",
        "bio",
        "website",
        "avatarUrl",
        "createdAt",
        "updatedAt",
        "impersonatedBy",
        "mfaEnrollmentRequired",
    }
    assert me["createdAt"].endswith("Z")
    assert me["roles"] == ["user"]


async def test_the_anonymous_are_asked_to_sign_in(app):
    # R-082, D-18
    answer = await app.get(ME)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_one_changes_ones_profile(app, ada):
    #
    wish = {"name": "Ada King", "age": 36, "bio": "<i>Notes</i>", "website": "https://example.com/ada", "avatarUrl": None}

    answer = await app.as_(ada).patch(ME, json=wish)

    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in wish} == wish
    assert (await app.as_(ada).get(ME)).json()["name"] == "Ada King"


async def test_rich_text_is_cleaned_before_it_is_stored(app, ada):
    await app.as_(ada).patch(ME, json={"bio": "<b onclick=x()>Hi</b><script>alert(1)</script><img src=x onerror=x()>"})

    assert (await app.as_(ada).get(ME)).json()["bio"] == "<b>Hi</b>"


async def test_what_is_not_sent_stays_and_null_empties(app, ada):
    await app.as_(ada).patch(ME, json={"age": 36, "bio": "Notes"})

    me = (await app.as_(ada).patch(ME, json={"age": None})).json()

    assert me["age"] is None
    assert me["bio"] == "Notes"
    assert me["name"] == "Ada Lovelace"


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"name": None}, "Name is required"),
        ({"name": "<script>"}, "Name may hold letters, spaces, hyphens and apostrophes"),
        ({"age": 12}, "Age must be at least 13"),
        ({"age": 121}, "Age must be at most 120"),
        ({"website": "javascript:alert(1)"}, "The address must start with http:// or https://"),
        ({"avatarUrl": "data:text/html,x"}, "The address must start with http:// or https://"),
        ({"bio": "x" * 1001}, "Bio must be at most 1000 characters"),
    ],
)
async def test_a_broken_profile_is_refused_in_plain_words(app, ada, wish, message):
    #
    answer = await app.as_(ada).patch(ME, json=wish)

    assert answer.status_code == 422
    assert answer.json()["error"]["details"][0]["message"] == message


@pytest.mark.parametrize("field", ["roles", "permissions", "isActive", "email", "emailVerified", "mfaEnabled", "id", "createdAt"])
async def test_nobody_writes_what_is_not_his_to_write(app, ada, field):
    # R-334, ASVS 8.2.3
    answer = await app.as_(ada).patch(ME, json={field: True})

    assert answer.status_code == 422
    assert answer.json()["error"]["details"][0]["field"] == field


async def test_a_deleted_account_is_gone_everywhere(app, ada, admin):
    # R-225, D-06
    assert (await app.as_(admin).delete(f"/api/v1/users/{ada.id}")).status_code == 204

    assert (await app.as_(ada).get(ME)).status_code == 401
    assert (await app.post("/api/v1/auth/refresh", json={"refreshToken": ada.refresh_token})).status_code == 401
    assert (await app.post("/api/v1/auth/login", json={"email": ada.email, "password": PASSWORD})).status_code == 401
    assert (await app.as_(admin).get(f"/api/v1/users/{ada.id}")).status_code == 404
    emails = [user["email"] for user in (await app.as_(admin).get("/api/v1/users")).json()["data"]]
    assert ada.email not in emails


async def test_the_address_of_a_deleted_account_is_free_again(app, ada, admin):
    # the unique index leaves deleted rows out
    await app.as_(admin).delete(f"/api/v1/users/{ada.id}")

    again = await app.sign_up(ada.email)

    assert again.id != ada.id


async def test_an_empty_patch_changes_nothing(app, ada):
    before = await app.as_(ada).get("/api/v1/users/me")

    answers = [await app.as_(ada).patch("/api/v1/users/me", json=body) for body in ({}, {"name": before.json()["name"]})]

    assert [answer.json() for answer in answers] == [before.json()] * 2
    stale = await app.as_(ada).patch("/api/v1/users/me", json={}, headers={"If-Match": '"99-0"'})
    assert stale.status_code == 412
