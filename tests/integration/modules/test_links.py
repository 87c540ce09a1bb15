"""`?links=true`: where answers lead, and what their readers may do (R-246)."""

import re

import pytest

from mainspring.core.http.plan import Plan

PRODUCT = {
    "name": "Clock",
    "price": {"amount": 1999, "currency": "EUR"},
    "description": "Ticks.",
    "category": "clocks",
    "stock": 5,
}


def names(links):
    return {action["name"] for action in links["actions"]}


@pytest.fixture
async def product(app, admin):
    return (await app.as_(admin).post("/api/v1/products", json=PRODUCT)).json()


async def test_nobody_gets_links_who_does_not_ask(app, ada, product):
    for path in (f"/api/v1/products/{product['id']}", f"/api/v1/products/{product['id']}?links=false", "/api/v1/products"):
        assert "links" not in (await app.as_(ada).get(path)).json()


async def test_a_resource_shows_what_its_reader_may_do(app, admin, ada, product):
    path = f"/api/v1/products/{product['id']}"

    as_editor = (await app.as_(admin).get(f"{path}?links=true")).json()
    as_reader = (await app.as_(ada).get(f"{path}?links=true")).json()

    assert as_editor["links"]["self"] == {"href": path, "method": "GET"}
    assert as_editor["links"]["collection"] == {"href": "/api/v1/products", "method": "GET"}
    assert {"name": "deleteProduct", "method": "DELETE", "href": path} in as_editor["links"]["actions"]
    assert {"updateProduct", "adjustStock", "getStock"} <= names(as_editor["links"])
    assert names(as_reader["links"]) == {"getStock"}
    assert {**as_editor, "links": None} == {**as_reader, "links": None} == {**product, "links": None}


async def test_the_tag_is_that_of_the_resource(app, admin, product):
    path = f"/api/v1/products/{product['id']}"
    plain = await app.as_(admin).get(path)

    linked = await app.as_(admin).get(f"{path}?links=true", headers={"If-None-Match": plain.headers["etag"]})
    changed = await app.as_(admin).patch(path, json={"name": "Watch"}, headers={"If-Match": linked.headers["etag"]})

    assert (linked.status_code, changed.status_code) == (200, 200)


async def test_pages_lead_to_pages(app, admin):
    for number in range(5):
        await app.as_(admin).post("/api/v1/products", json={**PRODUCT, "name": f"Clock {number}"})

    answer = await app.as_(admin).get("/api/v1/products?links=true&limit=2&page=2&sort=name")

    links = answer.json()["links"]
    hrefs = {name: link["href"] for name, link in links.items() if name != "actions"}
    assert hrefs == {
        name: f"/api/v1/products?limit=2&sort=name&page={page}&links=true"
        for name, page in {"self": 2, "first": 1, "prev": 1, "next": 3, "last": 3}.items()
    }
    assert dict(re.findall(r'<([^>]+)>; rel="(\w+)"', answer.headers["link"])) == {href: rel for rel, href in hrefs.items()} | {
        hrefs["first"]: "prev",
        hrefs["next"]: "last",
    }
    assert names(links) == {"createProduct"}
    following = (await app.as_(admin).get(hrefs["next"])).json()
    assert [row["name"] for row in following["data"]] == ["Clock 4"]
    assert "next" not in following["links"]
    assert all(row["links"]["self"]["href"] == f"/api/v1/products/{row['id']}" for row in following["data"])
    assert "deleteProduct" in names(following["data"][0]["links"])


async def test_slices_lead_on_by_cursor(app, admin):
    for number in range(3):
        await app.as_(admin).post("/api/v1/products", json={**PRODUCT, "name": f"Clock {number}"})

    first = (await app.as_(admin).get("/api/v1/products?cursor=&limit=2&links=true")).json()
    second = (await app.as_(admin).get(first["links"]["next"]["href"])).json()

    assert len(second["data"]) == 1
    assert {"next", "last"}.isdisjoint(second["links"])
    back = (await app.as_(admin).get(second["links"]["prev"]["href"])).json()
    assert [row["id"] for row in back["data"]] == [row["id"] for row in first["data"]]


@pytest.mark.parametrize("asked", ["links=1", "links=", "links=true&links=true"])
async def test_links_are_asked_for_in_one_way(app, ada, asked):
    answer = await app.as_(ada).get(f"/api/v1/products?{asked}")

    assert (answer.status_code, answer.json()["error"]["details"][0]["field"]) == (422, "links")


async def test_what_belongs_to_another_is_not_offered(app, people, ada):
    """Whoever may read every user may not change one for that."""
    reader = await people.with_grant("users:read")
    path = f"/api/v1/users/{ada.id}?links=true"

    as_reader = (await app.as_(reader).get(path)).json()["links"]
    as_self = (await app.as_(ada).get(path)).json()["links"]

    assert "updateUser" not in names(as_reader)
    assert "updateUser" in names(as_self)


async def test_the_resource_itself_may_tell(app, ada, bob):
    made = (await app.as_(ada).post("/api/v1/organizations", json={"name": "Analytical", "slug": "analytical"})).json()

    links = (await app.as_(ada).get(f"/api/v1/organizations/{made['id']}?links=true")).json()["links"]

    assert {"updateOrganization", "deleteOrganization", "inviteMember", "listMembers"} <= names(links)


async def test_a_list_offers_what_its_reader_was_let_in_for(app, ada):
    made = (await app.as_(ada).post("/api/v1/organizations", json={"name": "Analytical", "slug": "analytical"})).json()
    path = f"/api/v1/organizations/{made['id']}/invitations"
    await app.as_(ada).post(path, json={"email": "grace@example.com", "role": "member"})

    invitations = (await app.as_(ada).get(f"{path}?links=true")).raise_for_status().json()

    assert len(invitations["data"]) == 1
    assert names(invitations["links"]) == {"inviteMember"}


@pytest.mark.parametrize("kind", ["members", "invitations"])
async def test_lists_below_an_organization_have_links(app, ada, kind):
    made = (await app.as_(ada).post("/api/v1/organizations", json={"name": "Analytical", "slug": "analytical"})).json()

    assert (await app.as_(ada).get(f"/api/v1/organizations/{made['id']}/{kind}?links=true")).status_code == 200


async def test_asking_for_links_is_no_try(app, ada, product, capfd):
    await app.as_(ada).get(f"/api/v1/products/{product['id']}?links=true")
    asked = capfd.readouterr().err
    await app.as_(ada).delete(f"/api/v1/products/{product['id']}")

    assert "insufficient_permissions" not in asked
    assert "insufficient_permissions" in capfd.readouterr().err


async def test_every_reading_route_of_the_api_has_links(app):
    without = {
        plan.path
        for method, _, plan in app.program.plans
        if isinstance(plan, Plan) and method == "GET" and plan.path.startswith("/api/") and plan.links is None
    }

    assert without <= {"/api/v1/auth/social/{provider}/authorize", "/api/v1/auth/social/{provider}/callback"}, without
