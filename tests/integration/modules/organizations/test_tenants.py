"""Organizations are kept apart: for everybody else one is not there, whatever route is asked (ASVS 8.4.1)."""

import pytest

from tests.security.valid_bodies import body_of

API = "/api/v1/organizations"


class Tenants:
    """Ada's organization with Bob and an open invitation, and Eve's own with Carol and another."""

    def __init__(self, app, society, ada, eve):
        self.app, self.society, self.ada, self.eve = app, society, ada, eve

    async def fill(self, owner, member):
        id = await self.society.make(owner)
        await self.society.join(owner, id, member)
        await self.society.invite(owner, id, f"invited-by-{owner.email}")
        (invitation,) = (await self.app.as_(owner).get(f"{API}/{id}/invitations")).json()["data"]
        return {"id": id, "user_id": str(member.id), "invitation_id": invitation["id"]}

    async def state(self, id):
        """All that an owner sees."""
        ada = self.app.as_(self.ada)
        return [(await ada.get(f"{API}/{id}{path}")).json() for path in ("", "/members", "/invitations")]

    def routes(self):
        return [(method, path) for method, path, _ in self.app.program.plans if path.startswith(f"{API}/{{id}}")]

    async def ask(self, method, path, things, new_owner):
        """Eve's call of a route."""
        document = self.app.program.api.openapi()
        values = {"userId": new_owner, "email": "x@example.com", "role": "member"}
        body = body_of(document, document["paths"][path][method.lower()], values)
        options = {} if body is None else {"json": body}
        return await self.app.as_(self.eve).request(method, path.format(**things), **options)


@pytest.fixture
async def tenants(app, society, ada):
    return Tenants(app, society, ada, await app.sign_up("eve@example.com"))


async def test_a_member_of_another_one_finds_no_route_of_it(tenants, bob, carol):
    hers = await tenants.fill(tenants.ada, bob)
    await tenants.fill(tenants.eve, carol)
    before = await tenants.state(hers["id"])

    answers = [await tenants.ask(method, path, hers, str(tenants.eve.id)) for method, path in tenants.routes()]

    assert len(answers) >= 10
    assert {(answer.status_code, answer.json()["error"]["code"]) for answer in answers} == {(404, "organizations.not_found")}
    assert await tenants.state(hers["id"]) == before


async def test_what_belongs_to_another_one_is_not_in_ones_own(tenants, bob, carol):
    hers = await tenants.fill(tenants.ada, bob)
    own = await tenants.fill(tenants.eve, carol)
    before = await tenants.state(hers["id"])
    mixed = {**hers, "id": own["id"]}
    routes = [(method, path) for method, path in tenants.routes() if path.count("{") > 1 or path.endswith("/transfer")]

    answers = [await tenants.ask(method, path, mixed, str(bob.id)) for method, path in routes]

    assert len(answers) >= 4
    assert {answer.status_code for answer in answers} == {404}
    assert await tenants.state(hers["id"]) == before


async def test_lists_hold_what_is_ones_own(app, tenants, bob, carol):
    await tenants.fill(tenants.ada, bob)
    own = await tenants.fill(tenants.eve, carol)
    eve = app.as_(tenants.eve)

    organizations = (await eve.get(API)).json()["data"]
    members = (await eve.get(f"{API}/{own['id']}/members")).json()["data"]
    invitations = (await eve.get(f"{API}/{own['id']}/invitations")).json()["data"]

    assert [one["id"] for one in organizations] == [own["id"]]
    assert {one["userId"] for one in members} == {str(tenants.eve.id), str(carol.id)}
    assert [one["id"] for one in invitations] == [own["invitation_id"]]


async def test_whoever_is_removed_is_a_stranger_with_the_next_call(app, tenants, bob):
    hers = await tenants.fill(tenants.ada, bob)
    assert (await app.as_(bob).get(f"{API}/{hers['id']}")).status_code == 200

    await app.as_(tenants.ada).delete(f"{API}/{hers['id']}/members/{bob.id}")

    tenants.eve = bob
    answers = [await tenants.ask(method, path, hers, str(bob.id)) for method, path in tenants.routes()]
    assert {answer.status_code for answer in answers} == {404}
