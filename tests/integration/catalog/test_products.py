"""Products over REST, on both databases (R-117, R-134, R-144, R-225, R-244, R-245, R-279)."""

import asyncio

import pytest

PRODUCTS = "/api/v1/products"
HAT = {"name": "Hat", "category": "clothes", "price": {"amount": 1999, "currency": "EUR"}, "stock": 5}


@pytest.fixture
async def editor(app):
    user = await app.sign_up()
    await app.give_role(user, "admin")
    return app.as_(user)


@pytest.fixture
async def reader(app):
    return app.as_(await app.sign_up())


async def test_a_product_is_created_and_read(editor, reader):
    created = await editor.post(PRODUCTS, json=HAT | {"description": "Felt"})

    assert created.status_code == 201
    product = created.json()
    assert created.headers["location"] == f"{PRODUCTS}/{product['id']}"
    assert product["price"] == {"amount": 1999, "currency": "EUR"}
    assert product["createdAt"].endswith("Z")
    read = await reader.get(created.headers["location"])
    assert read.json() == product


async def test_each_change_leaves_an_audit_record(editor):
    id = (await editor.post(PRODUCTS, json=HAT)).json()["id"]
    await editor.patch(f"{PRODUCTS}/{id}", json={"name": "Cap"})
    await editor.post(f"{PRODUCTS}/{id}/stock", json={"delta": -2, "reason": "counted"})
    await editor.delete(f"{PRODUCTS}/{id}")

    records = (await editor.get(f"/api/v1/audit?resource=product&resourceId={id}")).json()["data"]

    assert [record["action"] for record in records] == ["DELETE", "ADJUST_STOCK", "UPDATE", "CREATE"]
    assert records[2]["changes"] == {"name": ["Hat", "Cap"]}
    assert records[1]["changes"] == {"stock": [5, 3], "reason": "counted"}


async def test_a_deleted_product_is_gone_from_everywhere(editor):
    id = (await editor.post(PRODUCTS, json=HAT)).json()["id"]

    assert (await editor.delete(f"{PRODUCTS}/{id}")).status_code == 204
    assert (await editor.get(f"{PRODUCTS}/{id}")).status_code == 404
    assert (await editor.patch(f"{PRODUCTS}/{id}", json={"name": "Cap"})).status_code == 404
    assert (await editor.get(PRODUCTS)).json()["pagination"]["total"] == 0


async def test_pages_count_and_cursors_walk(editor, reader):
    for number in range(7):
        await editor.post(PRODUCTS, json=HAT | {"name": f"Hat {number}", "price": {"amount": number, "currency": "EUR"}})

    page = (await reader.get(f"{PRODUCTS}?page=2&limit=3&sort=price")).json()
    names, cursor = [], ""
    while cursor is not None:
        answer = (await reader.get(PRODUCTS, params={"cursor": cursor, "limit": 3, "sort": "-price"})).json()
        names += [product["name"] for product in answer["data"]]
        cursor = answer["pagination"]["nextCursor"]

    assert [product["name"] for product in page["data"]] == ["Hat 3", "Hat 4", "Hat 5"]
    assert page["pagination"] == {"page": 2, "limit": 3, "total": 7, "pages": 3}
    assert names == [f"Hat {number}" for number in reversed(range(7))]


async def test_filters_narrow_the_list(editor, reader):
    for category, amount in (("hats", 5), ("hats", 15), ("shoes", 10)):
        await editor.post(PRODUCTS, json=HAT | {"category": category, "price": {"amount": amount, "currency": "EUR"}})

    found = (await reader.get(f"{PRODUCTS}?category=hats&maxPrice=10")).json()

    assert [product["price"]["amount"] for product in found["data"]] == [5]
    assert found["pagination"]["total"] == 1


@pytest.mark.parametrize(
    "query", ["sort=stock", "limit=0", "limit=101", "page=0", "colour=red", "cursor=forged", "minPrice=-1", "limit=1&limit=2"]
)
async def test_anything_else_in_the_query_is_refused(reader, query):
    answer = await reader.get(f"{PRODUCTS}?{query}")

    assert answer.status_code == 422
    assert answer.json()["error"]["details"][0]["field"] == query.partition("=")[0]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 201),
        ("category", " "),
        ("stock", -1),
        ("stock", 1.5),
        ("stock", 2**31),
        ("price", {"amount": -1, "currency": "EUR"}),
        ("price", {"amount": 1, "currency": "euro"}),
        ("price", {"amount": 1.5, "currency": "EUR"}),
        ("colour", "red"),
    ],
)
async def test_a_bad_product_is_refused(editor, field, value):
    answer = await editor.post(PRODUCTS, json=HAT | {field: value})

    assert answer.status_code == 422
    assert answer.json()["error"]["details"][0]["field"].startswith(field)


async def test_stock_never_falls_below_zero(editor):
    id = (await editor.post(PRODUCTS, json=HAT | {"stock": 10})).json()["id"]
    take = {"delta": -1, "reason": "sold"}

    answers = await asyncio.gather(*[editor.post(f"{PRODUCTS}/{id}/stock", json=take) for _ in range(40)])

    assert sorted(answer.status_code for answer in answers) == [200] * 10 + [409] * 30
    assert {answer.json()["error"]["code"] for answer in answers if answer.status_code == 409} == {"catalog.stock_too_low"}
    assert (await editor.get(f"{PRODUCTS}/{id}")).json()["stock"] == 0


async def test_another_version_is_not_overwritten(editor):
    created = await editor.post(PRODUCTS, json=HAT)
    path = created.headers["location"]
    seen = (await editor.get(path)).headers["etag"]
    await editor.patch(path, json={"name": "Cap"})

    late = await editor.patch(path, json={"name": "Bonnet"}, headers={"If-Match": seen})

    assert late.status_code == 412
    assert (await editor.get(path)).json()["name"] == "Cap"


async def test_readers_change_nothing(editor, reader):
    id = (await editor.post(PRODUCTS, json=HAT)).json()["id"]

    assert (await reader.post(PRODUCTS, json=HAT)).status_code == 403
    assert (await reader.patch(f"{PRODUCTS}/{id}", json={"name": "Cap"})).status_code == 403
    assert (await reader.delete(f"{PRODUCTS}/{id}")).status_code == 403
    assert (await reader.as_(None).get(PRODUCTS)).status_code == 401


async def test_the_trail_names_fields_as_answers_do(editor):
    id = (await editor.post(PRODUCTS, json=HAT)).json()["id"]
    await editor.patch(f"{PRODUCTS}/{id}", json={"price": {"amount": 999, "currency": "EUR"}})

    record = (await editor.get(f"/api/v1/audit?resourceId={id}&action=UPDATE")).json()["data"][0]

    assert record["changes"] == {"priceAmount": [1999, 999]}


async def test_an_adjustment_adjusts_something(editor):
    product = (await editor.post(PRODUCTS, json=HAT)).json()

    answer = await editor.post(f"{PRODUCTS}/{product['id']}/stock", json={"delta": 0, "reason": "counted"})

    assert answer.status_code == 422
    assert answer.json()["error"]["details"] == [{"field": "delta", "message": "Delta must not be 0", "code": "zero"}]
    assert (await editor.get(f"{PRODUCTS}/{product['id']}")).json()["version"] == product["version"]


async def test_an_empty_patch_changes_nothing(editor):
    path = (await editor.post(PRODUCTS, json=HAT)).headers["location"]
    before = await editor.get(path)

    answers = [await editor.patch(path, json=body) for body in ({}, {"name": "Hat"})]

    assert [answer.json() for answer in answers] == [before.json()] * 2
    assert (await editor.get(path)).headers["etag"] == before.headers["etag"]


async def test_a_single_value_is_given_once(reader):
    answer = await reader.get(f"{PRODUCTS}?limit=1&sort=name&limit=2&sort=price")

    assert answer.status_code == 422
    assert answer.json()["error"]["details"] == [
        {"field": name, "message": f"{name.capitalize()} must be given only once", "code": "repeated"}
        for name in ("limit", "sort")
    ]
