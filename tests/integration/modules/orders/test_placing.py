"""Placing an order: reserve, charge, confirm, or undo (R-147, R-280, R-282, R-292, D-36)."""

import asyncio
from collections import Counter
from uuid import UUID

import pytest

from mainspring.core import ids
from mainspring.core.workflows import Workflows


@pytest.fixture
def environment():
    return {"PAYMENTS__TIMEOUT": "1s"}


async def test_a_paid_order_costs_what_the_catalog_says_and_takes_the_stock(buyer, shop):
    lamp, desk = await shop.product(price=1999, stock=5), await shop.product(price=500, stock=1, name="Desk")

    answer = await buyer.buy((lamp, 2), (desk, 1))

    order = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1/orders/{order['id']}"
    assert (order["state"], order["total"]) == ("paid", {"amount": 4498, "currency": "EUR"})
    assert (await buyer.client.get(answer.headers["location"])).json() == order
    assert (await shop.stock(lamp), await shop.stock(desk)) == (3, 0)
    assert await shop.charge(order["id"]) == ("succeeded", 0)


async def test_a_product_named_twice_is_one_line(buyer, shop):
    lamp = await shop.product(stock=5)

    order = (await buyer.buy((lamp, 1), (lamp, 2))).json()
    refused = await buyer.buy((lamp, 600), (lamp, 600))

    assert [(item["productId"], item["quantity"]) for item in order["items"]] == [(str(lamp.id), 3)]
    assert refused.status_code == 422
    assert refused.json()["error"]["details"][0]["field"] == "items"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"items": []}, "items"),
        ({"items": [{"productId": "01a1f972-dda9-76a8-a880-b4bae0210034", "quantity": 0}]}, "items.0.quantity"),
        ({"items": [{"productId": "01a1f972-dda9-76a8-a880-b4bae0210034", "quantity": 1}]}, "items.0.productId"),
        ({"items": [{"productId": "01a1f972-dda9-76a8-a880-b4bae0210034", "quantity": 1, "price": 1}]}, "items.0.price"),
        ({"items": [{"productId": "01a1f972-dda9-76a8-a880-b4bae0210034", "quantity": 1}], "total": 1}, "total"),
    ],
)
async def test_an_odd_wish_is_refused_and_names_the_field(buyer, body, field):
    answer = await buyer.client.post("/api/v1/orders", json=body)

    assert answer.status_code == 422
    assert answer.json()["error"]["details"][0]["field"] == field


async def test_a_declined_card_brings_the_stock_back(buyer, shop):
    lamp = await shop.product(stock=1)

    answer = await buyer.buy((lamp, 1), card="card_declined")

    assert answer.status_code == 402
    assert answer.json()["error"]["code"] == "payments.declined"
    assert await shop.stock(lamp) == 1
    [order] = await buyer.orders()
    assert (order["state"], order["reason"]) == ("failed", "declined")
    assert (await buyer.buy((lamp, 1))).status_code == 201


async def test_what_is_not_there_is_named_and_leaves_no_order(buyer, shop):
    lamp, desk, bed = await shop.product(stock=1), await shop.product(stock=9), await shop.product(stock=0)

    answer = await buyer.buy((lamp, 2), (desk, 1), (bed, 1))

    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "inventory.out_of_stock"
    assert set(answer.json()["error"]["details"]["productIds"]) == {str(lamp.id), str(bed.id)}
    assert await buyer.orders() == []
    assert (await shop.stock(lamp), await shop.stock(desk)) == (1, 9)


async def test_a_price_of_nothing_needs_no_bank(buyer, shop):
    order = (await buyer.buy((await shop.product(price=0), 1))).json()

    assert order["state"] == "paid"
    assert await shop.charge(order["id"]) is None
    assert (await buyer.cancel(order["id"])).json()["state"] == "cancelled"


@pytest.mark.parametrize(("card", "ends", "left"), [("card_late", "paid", 4), ("card_late_declined", "failed: declined", 5)])
async def test_a_slow_bank_is_waited_for_without_anybody_waiting(app, buyer, shop, card, ends, left):
    lamp = await shop.product(stock=5)

    answer = await buyer.buy((lamp, 1), card=card)
    pending = await shop.stock(lamp)
    await app.settle_payments()
    await app.work()

    assert answer.status_code == 202
    assert (answer.json()["state"], pending) == ("pending", 4)
    assert answer.headers["location"] == f"/api/v1/orders/{answer.json()['id']}"
    assert await shop.state(answer.json()["id"]) == ends
    assert await shop.stock(lamp) == left


async def test_an_answer_that_was_lost_is_looked_up(buyer, shop):
    order = (await buyer.buy((await shop.product(), 1), card="card_timeout")).json()

    assert order["state"] == "paid"
    assert await shop.charge(order["id"]) == ("succeeded", 0)


async def test_a_bank_that_is_away_is_asked_again_later(app, buyer, shop, slow_bank):
    slow_bank.is_away = True
    lamp = await shop.product(stock=5)
    asking = asyncio.create_task(buyer.buy((lamp, 1)))
    while not await buyer.orders():
        await asyncio.sleep(0.01)
    slow_bank.is_away = False
    slow_bank.let_go.set()

    while (await buyer.orders())[0]["state"] == "pending":
        await asyncio.sleep(0.05)
        await app.work()

    assert (await asking).status_code == 201
    assert await shop.stock(lamp) == 4


async def test_the_same_request_makes_one_order(buyer, shop):
    lamp, key = await shop.product(stock=5), str(ids.new())

    answers = await asyncio.gather(*(buyer.buy((lamp, 1), key=key) for _ in range(6)))
    again = await buyer.buy((lamp, 1), key=key)
    other = await buyer.buy((lamp, 2), key=key)

    codes = Counter(answer.json().get("error", {}).get("code") for answer in answers)
    assert set(codes) <= {None, "IDEMPOTENCY_KEY_IN_FLIGHT"}
    assert codes[None] >= 1
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert {answer.json()["id"] for answer in answers if answer.status_code == 201} == {again.json()["id"]}
    assert (other.status_code, other.json()["error"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert len(await buyer.orders()) == 1
    assert await shop.stock(lamp) == 4


async def test_a_refusal_is_repeated_too(buyer, shop):
    lamp = await shop.product(stock=1)

    answers = [await buyer.buy((lamp, 1), card="card_declined", key="declined") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [402, 402]
    assert len(await buyer.orders()) == 1


async def test_the_stock_is_sold_once_to_many_at_once(buyer, shop):
    lamp = await shop.product(stock=5)

    answers = await asyncio.gather(*(buyer.buy((lamp, 1)) for _ in range(20)))

    assert Counter(answer.status_code for answer in answers) == {201: 5, 409: 15}
    assert await shop.stock(lamp) == 0


async def test_two_orders_of_the_same_products_in_opposite_order_never_block_each_other(buyer, shop):
    lamp, desk = await shop.product(stock=20), await shop.product(stock=20)

    answers = await asyncio.gather(
        *(buyer.buy((lamp, 1), (desk, 1)) if number % 2 else buyer.buy((desk, 1), (lamp, 1)) for number in range(10))
    )

    assert {answer.status_code for answer in answers} == {201}
    assert (await shop.stock(lamp), await shop.stock(desk)) == (10, 10)


async def test_the_workflow_of_an_order_has_its_id(application, buyer, shop):
    order = (await buyer.buy((await shop.product(), 1))).json()

    found = await application.resolve(Workflows).status(UUID(order["id"]))

    assert (found.name, found.state) == ("orders.place_order", "done")
