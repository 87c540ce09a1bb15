"""Two people change one account: `If-Match` tells whoever saw an old version (API.md)."""

import asyncio

import pytest
from sqlalchemy import select

from mainspring.core.database import Statement, bind
from mainspring.modules.users.models import User

ME = "/api/v1/users/me"
VERSION = Statement(select(User.version).where(User.id == bind("id", User.id)), int)


async def test_an_unchanged_account_is_not_sent_again(app, ada):
    tag = (await app.as_(ada).get(ME)).headers["etag"]

    assert (await app.as_(ada).get(ME, headers={"If-None-Match": tag})).status_code == 304
    await app.as_(ada).patch(ME, json={"age": 36})
    assert (await app.as_(ada).get(ME, headers={"If-None-Match": tag})).status_code == 200


async def test_a_change_of_roles_changes_the_tag(app, ada, admin):
    tag = (await app.as_(ada).get(ME)).headers["etag"]

    await app.as_(admin).post(f"/api/v1/users/{ada.id}/roles", json={"role": "moderator"})

    assert (await app.as_(ada).get(ME, headers={"If-None-Match": tag})).status_code == 200


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_whoever_saw_an_old_version_changes_nothing(app, ada, admin, method):
    path = f"/api/v1/users/{ada.id}"
    seen = (await app.as_(admin).get(path)).headers["etag"]
    changed = await app.as_(ada).patch(path, json={"age": 36}, headers={"If-Match": seen})
    assert changed.status_code == 200
    assert changed.headers["etag"] != seen

    body = {"json": {"age": 37}} if method == "PATCH" else {}
    late = await app.as_(admin).request(method, path, headers={"If-Match": seen}, **body)

    assert late.status_code == 412
    assert (await app.as_(admin).get(path)).json()["age"] == 36
    assert (await app.as_(admin).request(method, path, headers={"If-Match": changed.headers["etag"]}, **body)).status_code < 300


async def test_of_two_who_saw_the_same_version_one_wins(app, ada):
    seen = (await app.as_(ada).get(ME)).headers["etag"]

    answers = await asyncio.gather(
        *(app.as_(ada).patch(ME, json={"age": age}, headers={"If-Match": seen}) for age in range(20, 25))
    )

    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412]


async def test_two_who_change_different_things_both_win(app, ada):
    await asyncio.gather(app.as_(ada).patch(ME, json={"age": 36}), app.as_(ada).patch(ME, json={"bio": "Notes"}))

    me = (await app.as_(ada).get(ME)).json()
    assert (me["age"], me["bio"]) == (36, "Notes")
    async with app.application.reading() as uow:
        assert await uow.value(VERSION, id=ada.id) == 3
