"""Cancelling and refunding: money and products go back, each once (R-281, R-292)."""

import asyncio

import pytest

from mainspring.adapters.local_bank import LocalGateway
from mainspring.core.money import Money

from .conftest import Buyer


async def test_a_paid_order_is_paid_back_and_its_products_return(app, buyer, shop):
    lamp = await shop.product(price=1999, stock=5)
    order = (await buyer.buy((lamp, 2))).json()

    answer = await buyer.cancel(order["id"])
    again = await buyer.cancel(order["id"])

    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["refunded"]) == ("cancelled", {"amount": 3998, "currency": "EUR"})
    assert (again.status_code, again.json()) == (200, answer.json())
    assert await shop.charge(order["id"]) == ("succeeded", 3998)
    assert await shop.stock(lamp) == 5
    [refund] = (await buyer.client.get(f"/api/v1/orders/{order['id']}/refunds")).json()["data"]
    assert (refund["amount"], refund["state"]) == (3998, "done")


async def test_an_order_that_waits_for_its_payment_is_cancelled_at_once(app, buyer, shop):
    lamp = await shop.product(price=1999, stock=1)
    order = (await buyer.buy((lamp, 1), card="card_late")).json()

    answer = await buyer.cancel(order["id"])
    left = await shop.stock(lamp)
    await app.work()
    await app.settle_payments()
    await app.work()

    assert (answer.status_code, answer.json()["state"], left) == (200, "cancelled", 1)
    assert await shop.state(order["id"]) == "cancelled"
    assert await shop.charge(order["id"]) == ("succeeded", 1999), "the bank took it late, and it was paid back"
    assert await shop.stock(lamp) == 1


async def test_an_order_is_cancelled_while_the_bank_thinks(app, buyer, shop, slow_bank):
    lamp = await shop.product(price=1999, stock=1)
    asking = asyncio.create_task(buyer.buy((lamp, 1)))
    await slow_bank.asked.wait()
    [order] = await buyer.orders()

    cancelled = await buyer.cancel(order["id"])
    slow_bank.let_go.set()
    answer = await asking
    await app.work()

    assert cancelled.json()["state"] == "cancelled"
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "orders.no_longer_pending")
    assert await shop.state(order["id"]) == "cancelled"
    assert await shop.charge(order["id"]) == ("succeeded", 1999)
    assert await shop.stock(lamp) == 1


async def test_what_failed_cannot_be_cancelled(buyer, shop):
    lamp = await shop.product(stock=1)
    await buyer.buy((lamp, 1), card="card_declined")
    [order] = await buyer.orders()

    answer = await buyer.cancel(order["id"])

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "orders.not_cancellable")
    assert await shop.stock(lamp) == 1


async def test_strangers_readers_and_cancellers(app, buyer, bob, people, shop):
    reader, canceller = await people.with_grant("orders:read"), await people.with_grant("orders:cancel")
    order = (await buyer.buy((await shop.product(), 1))).json()

    answers = [await Buyer(app, who).cancel(order["id"]) for who in (bob, reader, canceller)]

    assert [answer.status_code for answer in answers] == [404, 403, 200]
    assert answers[1].json()["error"]["details"] == {"required": ["orders:cancel"]}


async def test_a_partly_refunded_order_is_paid_back_the_rest(buyer, clerk, shop):
    order = (await buyer.buy((await shop.product(price=1000), 1))).json()

    refund = await clerk.refund(order["id"], 300)
    between = await shop.state(order["id"])
    cancelled = await buyer.cancel(order["id"])

    assert (refund.status_code, refund.json()["amount"], between) == (201, 300, "partly_refunded")
    assert refund.headers["location"] == f"/api/v1/orders/{order['id']}/refunds/{refund.json()['id']}"
    assert (await buyer.client.get(refund.headers["location"])).json() == refund.json()
    assert cancelled.json()["refunded"]["amount"] == 1000
    assert await shop.charge(order["id"]) == ("succeeded", 1000)


async def test_a_refund_without_an_amount_pays_back_the_rest_and_keeps_the_products_sold(buyer, clerk, shop):
    lamp = await shop.product(price=1000, stock=1)
    order = (await buyer.buy((lamp, 1))).json()

    await clerk.refund(order["id"], 1)
    rest = await clerk.refund(order["id"])
    more = await clerk.refund(order["id"], 1)

    assert rest.json()["amount"] == 999
    assert (more.status_code, more.json()["error"]["code"]) == (409, "orders.not_refundable")
    assert await shop.state(order["id"]) == "refunded"
    assert await shop.stock(lamp) == 0


async def test_never_more_is_refunded_than_is_left(buyer, clerk, shop):
    order = (await buyer.buy((await shop.product(price=1000), 1))).json()
    await clerk.refund(order["id"], 600)

    answer = await clerk.refund(order["id"], 401)

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "orders.refund_too_high")
    assert await shop.charge(order["id"]) == ("succeeded", 600)


async def test_the_same_refund_request_pays_back_once(buyer, clerk, shop):
    order = (await buyer.buy((await shop.product(price=1000), 1))).json()

    answers = [await clerk.refund(order["id"], 300, key="scratched") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await shop.charge(order["id"]) == ("succeeded", 300)


async def test_parallel_cancellations_and_refunds_pay_back_each_cent_once(app, buyer, clerk, shop):
    for _ in range(3):
        lamp = await shop.product(price=1000, stock=1)
        id = (await buyer.buy((lamp, 1))).json()["id"]

        answers = await asyncio.gather(
            *(clerk.refund(id, 300), buyer.cancel(id), clerk.refund(id, 300), clerk.cancel(id), clerk.refund(id, 700))
        )
        await app.work()

        assert {answer.status_code for answer in answers} <= {200, 201, 202, 409}
        charge, refunded = await shop.charge(id)
        assert (charge, refunded <= 1000) == ("succeeded", True)
        order = (await buyer.client.get(f"/api/v1/orders/{id}")).json()
        assert order["refunded"]["amount"] == refunded
        assert await shop.stock(lamp) == (1 if order["state"] == "cancelled" else 0)
        assert (order["state"], refunded) in {("cancelled", 1000), ("refunded", 1000)}


async def test_a_refund_that_the_bank_refuses_leaves_the_order_as_it_was(application, buyer, shop):
    lamp = await shop.product(price=1000, stock=1)
    order = (await buyer.buy((lamp, 1))).json()
    bank = application.resolve(LocalGateway)
    charge = await bank.find(f"order:{order['id']}")
    await bank.refund("by-hand", charge.id, Money(600, "EUR"))

    answer = await buyer.cancel(order["id"])

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "payments.refund_refused")
    assert await shop.state(order["id"]) == "paid"
    assert await shop.stock(lamp) == 0


class TestWithoutAWindow:
    @pytest.fixture
    def environment(self):
        return {"ORDERS__CANCELLATION_WINDOW": "0s"}

    async def test_the_buyer_is_too_late_and_the_clerk_is_not(self, buyer, clerk, shop):
        order = (await buyer.buy((await shop.product(), 1))).json()

        refused, cancelled = await buyer.cancel(order["id"]), await clerk.cancel(order["id"])

        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "orders.not_cancellable")
        assert cancelled.json()["state"] == "cancelled"
