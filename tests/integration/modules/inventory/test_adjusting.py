"""Stock that is changed by hand, over REST (R-117, R-282)."""

import asyncio

import pytest

from mainspring.core import ids
from mainspring.modules.catalog.schemas import MAX_STOCK
from mainspring.modules.inventory import repository
from mainspring.testing.plans import is_answered_by_index, query_plan


def path_of(product) -> str:
    return f"/api/v1/products/{product.id}/stock"


async def test_an_adjustment_is_kept_with_its_reason(app, admin, shelf):
    lamp = await shelf.product(5)

    answer = await app.as_(admin).post(path_of(lamp), json={"delta": -2, "reason": " Two were broken "})
    await app.as_(admin).post(path_of(lamp), json={"delta": 7, "reason": "Delivery"})

    assert answer.status_code == 200
    assert answer.json()["stock"] == 3
    page = (await app.as_(admin).get(f"{path_of(lamp)}/adjustments")).json()
    assert page["pagination"]["total"] == 2
    assert [(kept["delta"], kept["stockAfter"], kept["reason"]) for kept in page["data"]] == [
        (7, 10, "Delivery"),
        (-2, 3, "Two were broken"),
    ]
    assert {kept["adjustedBy"] for kept in page["data"]} == {str(admin.id)}
    assert {kept["productId"] for kept in page["data"]} == {str(lamp.id)}


async def test_a_refused_adjustment_leaves_nothing(app, admin, shelf):
    lamp = await shelf.product(1)

    answers = [await app.as_(admin).post(path_of(lamp), json={"delta": delta, "reason": "Counted"}) for delta in (-2, MAX_STOCK)]

    assert [answer.json()["error"]["code"] for answer in answers] == ["catalog.stock_too_low", "catalog.stock_too_high"]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert (await app.as_(admin).get(f"{path_of(lamp)}/adjustments")).json()["data"] == []
    assert await shelf.level(lamp) == (1, 0)


async def test_adjustments_at_once_add_up(app, admin, shelf):
    lamp = await shelf.product(10)
    take = {"delta": -1, "reason": "Sold"}

    answers = await asyncio.gather(*(app.as_(admin).post(path_of(lamp), json=take) for _ in range(30)))

    assert sorted(answer.status_code for answer in answers) == [200] * 10 + [409] * 20
    page = (await app.as_(admin).get(f"{path_of(lamp)}/adjustments?limit=100")).json()
    assert sorted(kept["stockAfter"] for kept in page["data"]) == list(range(10))
    assert await shelf.level(lamp) == (0, 0)


async def test_a_repeated_request_adjusts_once(app, admin, shelf):
    lamp = await shelf.product(5)
    send = {"json": {"delta": 3, "reason": "Delivery"}, "headers": {"Idempotency-Key": "delivery-7"}}

    first = await app.as_(admin).post(path_of(lamp), **send)
    second = await app.as_(admin).post(path_of(lamp), **send)

    assert second.headers["idempotent-replayed"] == "true"
    assert first.json() == second.json()
    assert await shelf.level(lamp) == (8, 0)
    assert (await app.as_(admin).get(f"{path_of(lamp)}/adjustments")).json()["pagination"]["total"] == 1


async def test_the_stock_tells_what_is_set_aside(app, ada, shelf):
    lamp = await shelf.product(5)
    await shelf.reserve(ids.new(), (lamp, 2))

    answer = await app.as_(ada).get(path_of(lamp))

    assert answer.json() == {"productId": str(lamp.id), "available": 3, "reserved": 2}


async def test_a_product_that_is_not_there_has_no_stock(app, admin):
    path = f"/api/v1/products/{ids.new()}/stock"
    client = app.as_(admin)

    answers = [
        await client.get(path),
        await client.get(f"{path}/adjustments"),
        await client.post(path, json={"delta": 1, "reason": "Delivery"}),
    ]

    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in answers] == [(404, "catalog.not_found")] * 3


@pytest.mark.parametrize(
    ("field", "value"), [("delta", 1.5), ("delta", MAX_STOCK + 1), ("reason", ""), ("reason", "x" * 201), ("colour", "red")]
)
async def test_a_bad_adjustment_is_refused(app, admin, shelf, field, value):
    lamp = await shelf.product(5)

    answer = await app.as_(admin).post(path_of(lamp), json={"delta": 1, "reason": "Delivery"} | {field: value})

    assert answer.status_code == 422
    assert answer.json()["error"]["details"][0]["field"] == field


async def test_the_history_is_answered_by_an_index(database):
    shape = repository.ADJUSTMENTS.slice_shape(database.dialect, ("product_id",), ("createdAt", True), None)

    plan = await query_plan(database, shape, {"product_id": ids.new(), "limit": 20})

    assert is_answered_by_index(plan), plan
