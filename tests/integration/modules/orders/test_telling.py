"""What a buyer hears of his order: a receipt by mail, and notifications (R-285, R-286, R-292)."""

import pytest

from mainspring.core.mail.folder import MailFolder


@pytest.fixture
def mails(application):
    """The mails that were written, without the welcome: subject to text."""

    async def found() -> dict[str, str]:
        letters = await application.resolve(MailFolder).newest(100)
        return {letter.subject: letter.text for letter in letters if "order" in letter.subject or "back" in letter.subject}

    return found


async def told(app, buyer) -> list[tuple[str, str, dict[str, str]]]:
    await app.work()
    found = (await buyer.client.get("/api/v1/notifications?sort=createdAt")).json()["data"]
    return [(each["kind"], each["title"], each["data"]) for each in found]


async def test_a_paid_order_is_told_and_has_a_receipt(app, buyer, shop, mails):
    lamp = await shop.product(price=1999)

    order = (await buyer.buy((lamp, 2))).json()

    assert await told(app, buyer) == [("orders.paid", "Your order is paid", {"orderId": order["id"]})]
    [(subject, text)] = (await mails()).items()
    assert subject.endswith("39.98 EUR")
    assert "2 x Lamp: 39.98 EUR" in text
    assert f"Order {order['id']}" in text


async def test_what_is_paid_back_is_told(app, buyer, clerk, shop, mails):
    order = (await buyer.buy((await shop.product(price=1999), 1))).json()
    await clerk.refund(order["id"], 500)
    await buyer.cancel(order["id"])

    kinds = [kind for kind, _, _ in await told(app, buyer)]

    assert sorted(kinds) == ["orders.cancelled", "orders.paid", "orders.refunded", "orders.refunded"]
    assert {"We paid 5.00 EUR back to you", "We paid 14.99 EUR back to you"} <= set(await mails())


async def test_an_order_that_failed_is_told_without_a_receipt(app, buyer, shop, mails):
    await buyer.buy((await shop.product(), 1), card="card_declined")

    assert [(kind, title) for kind, title, _ in await told(app, buyer)] == [("orders.failed", "Your order could not be paid")]
    assert await mails() == {}
