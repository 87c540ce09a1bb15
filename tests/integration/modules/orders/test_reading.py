"""Who sees which orders (R-281)."""

import pytest

from mainspring.core import ids
from mainspring.modules.orders import repository
from mainspring.modules.orders.service import PlacingService
from mainspring.testing.plans import is_answered_by_index, query_plan

ORDERS = "/api/v1/orders"


async def test_a_buyer_sees_his_order_with_what_it_cost_then(app, ada, admin, shop):
    lamp, desk = await shop.product(price=1999), await shop.product(price=500, name="Desk")
    order = await shop.order(ada.id, (lamp, 2), (desk, 1))
    await app.as_(admin).patch(
        f"/api/v1/products/{lamp.id}", json={"name": "Old lamp", "price": {"amount": 1, "currency": "EUR"}}
    )

    seen = (await app.as_(ada).get(f"{ORDERS}/{order.id}")).json()

    assert seen["state"] == "pending"
    assert seen["total"] == {"amount": 4498, "currency": "EUR"}
    assert seen["refunded"] == {"amount": 0, "currency": "EUR"}
    assert seen["items"] == [
        {
            "productId": str(lamp.id),
            "name": "Lamp",
            "quantity": 2,
            "price": {"amount": 1999, "currency": "EUR"},
            "total": {"amount": 3998, "currency": "EUR"},
        },
        {
            "productId": str(desk.id),
            "name": "Desk",
            "quantity": 1,
            "price": {"amount": 500, "currency": "EUR"},
            "total": {"amount": 500, "currency": "EUR"},
        },
    ]


async def test_a_strangers_order_is_not_there(app, ada, bob, shop):
    order = await shop.order(ada.id)

    answers = [
        await app.as_(bob).get(f"{ORDERS}/{order.id}"),
        await app.as_(bob).get(f"{ORDERS}/{order.id}/refunds"),
        await app.as_(ada).get(f"{ORDERS}/{order.id}/refunds/{ids.new()}"),
        await app.as_(bob).get(f"{ORDERS}/{ids.new()}"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert answers[0].json()["error"] == {
        "code": "orders.not_found",
        "message": f"Order {order.id} was not found",
        "details": None,
    }


async def test_the_list_shows_ones_own_and_all_with_the_permission(app, ada, bob, people, shop):
    own, others = await shop.order(ada.id), await shop.order(bob.id)
    reader = await people.with_grant("orders:read")

    async def listed(who, query=""):
        page = (await app.as_(who).get(f"{ORDERS}{query}")).json()
        assert page["pagination"]["total"] == len(page["data"])
        return [order["id"] for order in page["data"]]

    assert await listed(ada) == [str(own.id)]
    assert await listed(reader) == [str(others.id), str(own.id)]
    assert await listed(reader, f"?buyerId={ada.id}") == [str(own.id)]
    assert await listed(ada, f"?buyerId={ada.id}") == [str(own.id)]
    refused = await app.as_(ada).get(f"{ORDERS}?buyerId={bob.id}")
    assert refused.status_code == 403
    assert refused.json()["error"]["details"] == {"required": ["orders:read"]}


async def test_the_list_filters_by_state_and_walks_by_cursor(app, ada, application, shop):
    orders = [await shop.order(ada.id) for _ in range(5)]
    async with application.unit() as uow:
        for order in orders[:3]:
            await PlacingService(uow).pay(order.id)
    client = app.as_(ada)

    paid = (await client.get(f"{ORDERS}?state=paid&sort=createdAt")).json()["data"]
    first = (await client.get(f"{ORDERS}?cursor=&limit=3")).json()
    second = (await client.get(f"{ORDERS}?limit=3&cursor={first['pagination']['nextCursor']}")).json()

    assert [order["id"] for order in paid] == [str(order.id) for order in orders[:3]]
    walked = [order["id"] for order in first["data"] + second["data"]]
    assert walked == [str(order.id) for order in reversed(orders)]
    assert all(order["items"] for order in first["data"])
    assert (await client.get(f"{ORDERS}?state=lost")).status_code == 422


@pytest.mark.parametrize("names", [(), ("buyer_id",), ("state",)])
async def test_the_list_is_answered_by_an_index(database, names):
    shape = repository.ORDERS.slice_shape(database.dialect, names, ("createdAt", True), None)
    values = {"buyer_id": ids.new(), "state": "paid", "limit": 20}

    plan = await query_plan(database, shape, {name: values[name] for name in (*names, "limit")})

    assert is_answered_by_index(plan), plan
