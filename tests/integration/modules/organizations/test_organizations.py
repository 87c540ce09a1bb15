"""Organizations over REST: making, seeing, changing and deleting them."""

import asyncio
import re

import pytest

from tests.integration.races import assert_won_once

API = "/api/v1/organizations"


async def test_whoever_makes_one_is_its_owner(app, ada, society):
    answer = await app.as_(ada).post(API, json={"name": " Büro für Maschinen "})

    made = answer.json()
    assert (answer.status_code, made["name"], made["role"]) == (201, "Büro für Maschinen", "owner")
    assert re.fullmatch(r"buro-fur-maschinen-[0-9a-f]{6}", made["slug"])
    assert answer.headers["location"] == f"{API}/{made['id']}"
    assert (await app.as_(ada).get(answer.headers["location"])).json() == made
    assert await society.roles(ada, made["id"]) == {str(ada.id): "owner"}
    assert [one["id"] for one in (await app.as_(ada).get(API)).json()["data"]] == [made["id"]]


async def test_of_twenty_who_want_a_short_name_one_gets_it(app, ada):
    answers = await asyncio.gather(*(app.as_(ada).post(API, json={"name": "x", "slug": "engines"}) for _ in range(20)))

    assert_won_once([answer.status_code for answer in answers], 201, 409)
    assert {answer.json()["error"]["code"] for answer in answers if answer.status_code == 409} == {"organizations.slug_taken"}


@pytest.mark.parametrize(
    "body", [{"name": ""}, {"name": "a\x07b"}, {"name": "x", "slug": "No"}, {"name": "x", "owner": "me"}, {}]
)
async def test_a_wish_that_breaks_a_rule(app, ada, body):
    assert (await app.as_(ada).post(API, json=body)).status_code == 422


async def test_a_stranger_sees_nothing_of_it(app, ada, bob, society):
    id = await society.make(ada)
    stranger = app.as_(bob)

    answers = [
        await stranger.get(f"{API}/{id}"),
        await stranger.patch(f"{API}/{id}", json={"name": "Mine"}),
        await stranger.delete(f"{API}/{id}"),
        await stranger.get(f"{API}/{id}/members"),
        await stranger.patch(f"{API}/{id}/members/{ada.id}", json={"role": "member"}),
        await stranger.delete(f"{API}/{id}/members/{ada.id}"),
        await stranger.post(f"{API}/{id}/transfer", json={"userId": str(bob.id)}),
        await stranger.get(f"{API}/{id}/invitations"),
        await stranger.post(f"{API}/{id}/invitations", json={"email": "x@example.com"}),
        await stranger.delete(f"{API}/{id}/invitations/{id}"),
    ]

    assert {(answer.status_code, answer.json()["error"]["code"]) for answer in answers} == {(404, "organizations.not_found")}
    assert (await stranger.get(API)).json()["data"] == []


async def test_an_admin_changes_the_name_and_an_owner_deletes(app, ada, bob, carol, society):
    id = await society.make(ada)
    await society.join(ada, id, bob, "admin")
    await society.join(bob, id, carol)

    renamed = await app.as_(bob).patch(f"{API}/{id}", json={"name": "Difference Engines", "slug": "difference"})
    same = await app.as_(bob).patch(f"{API}/{id}", json={"name": "Difference Engines"})
    refused = [
        await app.as_(carol).patch(f"{API}/{id}", json={"name": "Mine"}),
        await app.as_(bob).delete(f"{API}/{id}"),
    ]

    assert (renamed.json()["name"], renamed.json()["slug"]) == ("Difference Engines", "difference")
    assert same.headers["etag"] == renamed.headers["etag"]
    assert [(answer.status_code, answer.json()["error"]["details"]) for answer in refused] == [
        (403, {"required": ["admin"]}),
        (403, {"required": ["owner"]}),
    ]
    assert (await app.as_(ada).delete(f"{API}/{id}")).status_code == 204
    assert (await app.as_(carol).get(f"{API}/{id}")).status_code == 404


async def test_a_change_of_an_old_version_is_refused(app, ada, society):
    id = await society.make(ada, slug="engines")
    await society.make(ada, slug="looms")
    tag = (await app.as_(ada).get(f"{API}/{id}")).headers["etag"]
    await app.as_(ada).patch(f"{API}/{id}", json={"name": "Other"})

    late = await app.as_(ada).patch(f"{API}/{id}", json={"name": "Late"}, headers={"If-Match": tag})
    taken = await app.as_(ada).patch(f"{API}/{id}", json={"slug": "looms"})

    assert (late.status_code, taken.status_code) == (412, 409)


async def test_whoever_manages_organizations_acts_as_an_owner(app, ada, bob, people, society):
    manager = await people.with_grant("organizations:manage")
    id = await society.make(ada)
    await society.join(ada, id, bob)

    seen = (await app.as_(manager).get(f"{API}/{id}")).json()
    assert seen["role"] is None
    assert (await app.as_(manager).patch(f"{API}/{id}/members/{bob.id}", json={"role": "owner"})).status_code == 204
    assert (await app.as_(manager).post(f"{API}/{id}/transfer", json={"userId": str(bob.id)})).status_code == 200
    assert await society.roles(manager, id) == {str(ada.id): "owner", str(bob.id): "owner"}
    assert (await app.as_(manager).delete(f"{API}/{id}")).status_code == 204


async def test_each_change_is_in_the_trail(app, ada, bob, admin, society):
    id = await society.make(ada)
    await society.join(ada, id, bob)
    await app.as_(ada).patch(f"{API}/{id}", json={"name": "Other"})
    await app.as_(ada).patch(f"{API}/{id}/members/{bob.id}", json={"role": "admin"})
    await society.invite(ada, id, "x@example.com")
    await society.invite(ada, id, "x@example.com")
    invitation = (await app.as_(ada).get(f"{API}/{id}/invitations")).json()["data"][0]["id"]
    await app.as_(ada).delete(f"{API}/{id}/invitations/{invitation}")
    await app.as_(bob).delete(f"{API}/{id}/members/{bob.id}")
    await app.as_(ada).delete(f"{API}/{id}")

    rows = (await app.as_(admin).get(f"/api/v1/audit?resource=organization&resourceId={id}")).json()["data"]

    assert [row["action"] for row in reversed(rows)] == [
        "CREATE",
        "INVITE",
        "JOIN",
        "UPDATE",
        "CHANGE_MEMBER",
        "INVITE",
        "INVITE",
        "REVOKE_INVITATION",
        "LEAVE",
        "DELETE",
    ]
