"""Payments that come after the time is over: the order fails, and the money goes back (R-284, R-292)."""

import asyncio

import pytest


@pytest.fixture
def environment():
    return {"ORDERS__RESERVATION_TTL": "1s", "PAYMENTS__LOCAL_DELAY": "1h"}


async def expired(app, shop, id):
    """Wait until the order has given up."""
    while await shop.state(id) == "pending":
        await asyncio.sleep(0.1)
        await app.work()


async def test_an_order_that_is_not_paid_in_time_fails_and_frees_its_stock(app, buyer, shop):
    lamp = await shop.product(stock=1)

    answer = await buyer.buy((lamp, 1), card="card_late")
    await expired(app, shop, answer.json()["id"])

    assert answer.status_code == 202
    assert await shop.state(answer.json()["id"]) == "failed: expired"
    assert await shop.stock(lamp) == 1


async def test_money_that_comes_too_late_is_paid_back(app, buyer, shop):
    lamp = await shop.product(price=1999, stock=1)
    id = (await buyer.buy((lamp, 1), card="card_late")).json()["id"]
    await expired(app, shop, id)

    await app.settle_payments()
    await app.work()

    assert await shop.charge(id) == ("succeeded", 1999)
    assert await shop.state(id) == "failed: expired"
    assert await shop.stock(lamp) == 1


async def test_what_the_first_could_not_pay_the_next_one_buys(app, buyer, shop):
    lamp = await shop.product(stock=1)
    late = (await buyer.buy((lamp, 1), card="card_late")).json()["id"]
    await expired(app, shop, late)

    sold = await buyer.buy((lamp, 1))
    await app.settle_payments()
    await app.work()

    assert sold.json()["state"] == "paid"
    assert await shop.charge(late) == ("succeeded", 1999)
    assert await shop.stock(lamp) == 0
