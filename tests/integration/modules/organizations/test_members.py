"""Members: who handles whom, leaving, and the owner who is always left."""

import asyncio
from uuid import UUID

import pytest

from mainspring.modules.organizations.repository import OrganizationRepository
from mainspring.modules.users.service import UserService
from tests.integration.races import assert_won_once

API = "/api/v1/organizations"


async def change(app, caller, id, user, role):
    return (await app.as_(caller).patch(f"{API}/{id}/members/{user.id}", json={"role": role})).status_code


async def remove(app, caller, id, user):
    return (await app.as_(caller).delete(f"{API}/{id}/members/{user.id}")).status_code


@pytest.fixture
async def dora(app):
    return await app.sign_up("dora@example.com", name="Dora")


@pytest.fixture
async def full(ada, bob, carol, society):
    """Ada owns it, Bob is an admin, Carol a member."""
    id = await society.make(ada)
    await society.join(ada, id, bob, "admin")
    await society.join(ada, id, carol)
    return id


async def test_an_admin_handles_members_and_nobody_above(app, ada, bob, carol, dora, society, full):
    await society.join(ada, full, dora, "admin")

    assert await change(app, bob, full, carol, "admin") == 204
    assert await change(app, bob, full, carol, "member") == 403  # an admin by now
    assert await change(app, bob, full, dora, "member") == 403
    assert await change(app, bob, full, carol, "owner") == 403
    assert await change(app, bob, full, ada, "member") == 403
    assert await remove(app, bob, full, ada) == 403
    assert await remove(app, bob, full, dora) == 403
    assert await change(app, ada, full, carol, "member") == 204
    assert await remove(app, bob, full, carol) == 204
    assert await change(app, bob, full, bob, "member") == 204  # everybody may step down


async def test_a_member_handles_nobody_and_may_leave(app, ada, bob, carol, full):
    assert await change(app, carol, full, bob, "member") == 403
    assert await change(app, carol, full, carol, "admin") == 403
    assert await remove(app, carol, full, bob) == 403
    assert await remove(app, carol, full, carol) == 204
    assert (await app.as_(carol).get(f"{API}/{full}")).status_code == 404
    assert await remove(app, ada, full, carol) == 404
    assert await change(app, ada, full, carol, "admin") == 404


async def test_addresses_are_for_those_who_look_after_it(app, ada, bob, carol, full):
    by_viewer = {}
    for viewer in (ada, bob, carol):
        rows = (await app.as_(viewer).get(f"{API}/{full}/members")).json()["data"]
        by_viewer[viewer.email] = {row["name"]: row["email"] for row in rows}

    everything = {"Ada Lovelace": ada.email, "Bob Noyce": bob.email, "Carol Shaw": carol.email}
    assert by_viewer[ada.email] == by_viewer[bob.email] == everything
    assert by_viewer[carol.email] == {"Ada Lovelace": None, "Bob Noyce": None, "Carol Shaw": carol.email}
    admins = (await app.as_(ada).get(f"{API}/{full}/members?role=admin")).json()
    assert [row["userId"] for row in admins["data"]] == [str(bob.id)]


async def test_the_last_owner_stays(app, ada, bob, full):
    answers = [
        await app.as_(ada).delete(f"{API}/{full}/members/{ada.id}"),
        await app.as_(ada).patch(f"{API}/{full}/members/{ada.id}", json={"role": "member"}),
    ]
    assert {(answer.status_code, answer.json()["error"]["code"]) for answer in answers} == {(409, "organizations.last_owner")}

    assert await change(app, ada, full, bob, "owner") == 204
    assert await remove(app, ada, full, ada) == 204
    assert await remove(app, bob, full, bob) == 409


async def test_an_owner_who_is_disabled_is_none_who_stays(app, ada, bob, full):
    await change(app, ada, full, bob, "owner")
    async with app.application.unit() as uow:
        await UserService(uow).set_active(bob.id, False)

    assert await remove(app, ada, full, ada) == 409


async def test_two_owners_who_leave_at_once_do_not_leave_it_alone(app, ada, bob, society):
    for _ in range(5):
        id = await society.make(ada)
        await society.join(ada, id, bob, "admin")
        assert await change(app, ada, id, bob, "owner") == 204

        codes = await asyncio.gather(*(remove(app, user, id, user) for user in (ada, bob) * 10))

        assert codes.count(204) == 1
        assert codes.count(409) >= 1
        owners = [await app.as_(user).get(f"{API}/{id}") for user in (ada, bob)]
        assert sorted(answer.status_code for answer in owners) == [200, 404]


async def test_ownership_is_handed_over(app, ada, bob, carol, society, full):
    answer = await app.as_(ada).post(f"{API}/{full}/transfer", json={"userId": str(carol.id)})

    assert (answer.status_code, answer.json()["role"]) == (200, "admin")
    assert await society.roles(carol, full) == {str(ada.id): "admin", str(bob.id): "admin", str(carol.id): "owner"}
    assert (await app.as_(ada).post(f"{API}/{full}/transfer", json={"userId": str(bob.id)})).status_code == 403


async def test_of_many_transfers_at_once_one_succeeds(app, ada, bob, carol, society, full):
    answers = await asyncio.gather(
        *(app.as_(ada).post(f"{API}/{full}/transfer", json={"userId": str(user.id)}) for user in (bob, carol) * 25)
    )

    assert_won_once([answer.status_code for answer in answers], 200, 403)
    assert sorted((await society.roles(ada, full)).values()).count("owner") == 1


async def test_it_is_not_handed_to_a_stranger_or_to_somebody_disabled(app, ada, bob, dora, full):
    async with app.application.unit() as uow:
        await UserService(uow).set_active(bob.id, False)

    for user in (dora, bob):
        answer = await app.as_(ada).post(f"{API}/{full}/transfer", json={"userId": str(user.id)})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "organizations.member_not_found")


async def test_people_hear_what_became_of_them(app, ada, carol, full):
    await change(app, ada, full, carol, "admin")
    await remove(app, ada, full, carol)

    titles = [one["title"] for one in (await app.as_(carol).get("/api/v1/notifications")).json()["data"]]

    assert titles == ["You do not belong to Analytical Engines any more", "You are admin of Analytical Engines now"]


async def test_somebody_follows_an_owner_who_is_erased(app, ada, bob, carol, society, full):
    alone = await society.make(ada, name="Alone")
    await society.erase(ada)

    assert await society.roles(bob, full) == {str(bob.id): "owner", str(carol.id): "member"}
    titles = [one["title"] for one in (await app.as_(bob).get("/api/v1/notifications")).json()["data"]]
    assert titles == ["You are owner of an organization now, since its owner is gone"]
    await society.erase(bob)
    assert await society.roles(carol, full) == {str(carol.id): "owner"}
    async with app.application.reading() as uow:
        assert await OrganizationRepository(uow).seen(UUID(alone), carol.id) is None


async def test_whoever_is_erased_or_deleted_belongs_nowhere(app, ada, bob, carol, admin, society, full):
    await society.erase(carol)
    assert (await app.as_(admin).delete(f"/api/v1/users/{bob.id}")).status_code == 204
    await app.work()
    await app.as_(admin).post(f"/api/v1/users/{bob.id}/restoration")

    back = await app.sign_in(bob.email)

    assert await society.roles(ada, full) == {str(ada.id): "owner"}
    assert (await app.as_(back).get(f"{API}/{full}")).status_code == 404


async def test_the_heir_is_somebody_who_can_come_in(app, ada, bob, carol, dora, society, full):
    await society.join(ada, full, dora)
    async with app.application.unit() as uow:
        await UserService(uow).set_active(bob.id, False)

    await society.erase(ada)

    assert (await society.roles(dora, full))[str(carol.id)] == "owner"  # Bob is the admin, and disabled


async def test_whoever_is_removed_does_not_come_back_with_an_older_invitation(app, ada, bob, society, full):
    await society.invite(ada, full, bob.email)
    token = await society.token(bob.email)

    assert await remove(app, ada, full, bob) == 204

    assert (await society.accept(bob, token)).status_code == 404
    assert (await app.as_(bob).get(f"{API}/{full}")).status_code == 404


async def test_a_key_acts_within_its_scopes(app, ada, society, full):
    made = (await app.as_(ada).post("/api/v1/api-keys", json={"name": "Robot", "scopes": ["own:read"]})).json()
    key = {"X-API-Key": made["key"]}

    assert (await app.get(f"{API}/{full}/members", headers=key)).status_code == 200
    assert (await app.patch(f"{API}/{full}", json={"name": "x"}, headers=key)).status_code == 403
    assert (await app.delete(f"{API}/{full}", headers=key)).json()["error"]["details"] == {"reason": "people_only"}
