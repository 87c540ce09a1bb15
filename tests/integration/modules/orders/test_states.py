"""The states of an order: each change happens under its condition, once (R-147, R-280)."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from mainspring.core import clock, ids
from mainspring.core.errors import Invalid, MainspringError
from mainspring.modules.orders.errors import (
    MixedCurrencies,
    NotCancellable,
    NotRefundable,
    OrderNoLongerPending,
    RefundTooHigh,
    TotalTooHigh,
)
from mainspring.modules.orders.rows import FailureReason, OrderState
from mainspring.modules.orders.service import CancellingService, OrderedLine, OrderService, PlacingService, RefundService


async def state_of(application, order):
    async with application.reading() as uow:
        return (await OrderService(uow).get(order.id)).state


async def pay(uow, order):
    await PlacingService(uow).pay(order.id)


async def fail(uow, order):
    if not await PlacingService(uow).fail(order.id, FailureReason.DECLINED):
        raise OrderNoLongerPending()


async def cancel_pending(uow, order):
    if await CancellingService(uow).cancel_pending(order.id) is None:
        raise OrderNoLongerPending()


async def begin_cancelling(uow, order):
    await CancellingService(uow).begin(order.id, None)


async def finish_cancelling(uow, order):
    if not await CancellingService(uow).finish(order.id):
        raise NotCancellable()


async def refund_all(uow, order):
    await RefundService(uow).done(await RefundService(uow).promise(order.id, None, "Broken", None))


async def refund_a_part(uow, order):
    await RefundService(uow).done(await RefundService(uow).promise(order.id, 1, "Scratched", None))


CHANGES = {
    "pay": pay,
    "fail": fail,
    "cancel pending": cancel_pending,
    "begin cancelling": begin_cancelling,
    "finish cancelling": finish_cancelling,
    "refund all": refund_all,
    "refund a part": refund_a_part,
}
PATHS = {
    "pending": [],
    "paid": ["pay"],
    "failed": ["fail"],
    "cancelling": ["pay", "begin cancelling"],
    "cancelled": ["cancel pending"],
    "partly_refunded": ["pay", "refund a part"],
    "refunded": ["pay", "refund all"],
}
ALLOWED = {
    ("pending", "pay"): "paid",
    ("pending", "fail"): "failed",
    ("pending", "cancel pending"): "cancelled",
    ("paid", "begin cancelling"): "cancelling",
    ("paid", "refund all"): "refunded",
    ("paid", "refund a part"): "partly_refunded",
    ("partly_refunded", "begin cancelling"): "cancelling",
    ("partly_refunded", "refund all"): "refunded",
    ("partly_refunded", "refund a part"): "partly_refunded",
    ("cancelling", "finish cancelling"): "cancelled",
}


@pytest.mark.parametrize("state", PATHS)
async def test_a_state_allows_these_changes_and_no_other(application, ada, shop, state):
    for name, change in CHANGES.items():
        order = await shop.order(ada.id)
        async with application.unit() as uow:
            for step in PATHS[state]:
                await CHANGES[step](uow, order)
        assert await state_of(application, order) == state

        expected = ALLOWED.get((state, name))
        if expected is None:
            with pytest.raises(MainspringError):
                async with application.unit() as uow:
                    await change(uow, order)
        else:
            async with application.unit() as uow:
                await change(uow, order)

        assert await state_of(application, order) == (expected or state), name


async def test_a_paid_order_has_a_moment_and_a_failed_one_a_reason(application, ada, shop):
    paid, failed = await shop.order(ada.id), await shop.order(ada.id)

    async with application.unit() as uow:
        paid = await PlacingService(uow).pay(paid.id)
        await PlacingService(uow).fail(failed.id, FailureReason.EXPIRED)
        failed = await OrderService(uow).get(failed.id)

    assert paid.paid_at is not None
    assert (failed.reason, failed.paid_at) == (FailureReason.EXPIRED, None)


async def test_each_change_is_audited(app, admin, ada, application, shop):
    order = await shop.order(ada.id)
    async with application.unit() as uow:
        await pay(uow, order)
        await refund_a_part(uow, order)
        await begin_cancelling(uow, order)
        await finish_cancelling(uow, order)

    found = (await app.as_(admin).get(f"/api/v1/audit?resource=order&resourceId={order.id}&sort=createdAt")).json()["data"]

    assert Counter(record["action"] for record in found) == Counter(["CREATE", "PAY", "REFUND", "CANCEL"])


@pytest.mark.parametrize("total", [10, 7])
async def test_parallel_refunds_never_promise_more_than_was_paid(application, ada, shop, total):
    order = await shop.paid_order(ada.id, total=total)

    async def refund(amount):
        async with application.unit() as uow:
            refunds = RefundService(uow)
            await refunds.done(await refunds.promise(order.id, amount, "Broken", None))
            return amount

    answers = await asyncio.gather(*(refund(3) for _ in range(8)), return_exceptions=True)

    paid_back = [answer for answer in answers if isinstance(answer, int)]
    assert sum(paid_back) == total // 3 * 3
    assert {type(answer) for answer in answers} == {int, RefundTooHigh}
    async with application.reading() as uow:
        after = await OrderService(uow).get(order.id)
    assert (after.refunded_amount, after.promised_amount) == (sum(paid_back), sum(paid_back))
    assert after.state == OrderState.PARTLY_REFUNDED


async def test_a_refund_beside_a_cancellation_pays_back_each_cent_once(application, ada, shop):
    for _ in range(5):
        order = await shop.paid_order(ada.id, total=1000)

        async def cancel(order=order):
            async with application.unit() as uow:
                refund = await CancellingService(uow).begin(order.id, None)
            async with application.unit() as uow:
                if refund is not None:
                    await RefundService(uow).done(refund)
                await CancellingService(uow).finish(order.id)
            return refund.amount if refund else 0

        async def refund(amount, order=order):
            async with application.unit() as uow:
                promised = await RefundService(uow).promise(order.id, amount, "Broken", None)
            async with application.unit() as uow:
                await RefundService(uow).done(promised)
            return amount

        answers = await asyncio.gather(refund(300), cancel(), refund(300), cancel(), return_exceptions=True)

        assert sum(answer for answer in answers if isinstance(answer, int)) == 1000
        assert all(isinstance(answer, int | NotCancellable | NotRefundable) for answer in answers), answers
        async with application.reading() as uow:
            after = await OrderService(uow).get(order.id)
        assert (after.state, after.refunded_amount, after.promised_amount) == (OrderState.CANCELLED, 1000, 1000)


async def test_only_one_of_pay_fail_and_cancel_wins(application, ada, shop):
    for _ in range(5):
        order = await shop.order(ada.id)

        async def change(deed, order=order):
            async with application.unit() as uow:
                await deed(uow, order)
            return deed

        answers = await asyncio.gather(*(change(deed) for deed in (pay, fail, cancel_pending)), return_exceptions=True)

        winners = [answer for answer in answers if not isinstance(answer, BaseException)]
        assert len(winners) == 1
        assert await state_of(application, order) == {pay: "paid", fail: "failed", cancel_pending: "cancelled"}[winners[0]]


async def test_a_refused_refund_can_be_asked_for_again(application, ada, shop):
    order = await shop.paid_order(ada.id, total=1000)
    async with application.unit() as uow:
        refund = await RefundService(uow).promise(order.id, 800, "Broken", None)
    async with application.unit() as uow:
        assert await RefundService(uow).refused(refund)
        assert not await RefundService(uow).refused(refund)
        assert not await RefundService(uow).done(refund)

    async with application.unit() as uow:
        again = await RefundService(uow).promise(order.id, 1000, "Broken", None)
        assert await RefundService(uow).done(again)

    assert await state_of(application, order) == "refunded"


async def test_a_cancellation_that_stops_leaves_the_order_as_it_was(application, ada, shop):
    order = await shop.paid_order(ada.id, total=1000)
    async with application.unit() as uow:
        await refund_a_part(uow, order)
        refund = await CancellingService(uow).begin(order.id, None)
    async with application.unit() as uow:
        await RefundService(uow).refused(refund)
        assert await CancellingService(uow).stop(order.id)

    async with application.reading() as uow:
        after = await OrderService(uow).get(order.id)
    assert (after.state, after.promised_amount, after.refunded_amount) == (OrderState.PARTLY_REFUNDED, 1, 1)


async def test_an_order_has_one_currency_and_known_products(application, ada, shop):
    euro, dollar = await shop.product(), await shop.product(currency="USD")
    dear = await shop.product(price=2**53 - 1)

    async def create(*lines):
        async with application.unit() as uow:
            await PlacingService(uow).create(ids.new(), ada.id, lines, expires_at=clock.after(timedelta(minutes=1)))

    with pytest.raises(MixedCurrencies):
        await create(OrderedLine(euro.id, 1), OrderedLine(dollar.id, 1))
    with pytest.raises(TotalTooHigh):
        await create(OrderedLine(dear.id, 2))
    with pytest.raises(Invalid) as unknown:
        await create(OrderedLine(euro.id, 1), OrderedLine(ids.new(), 1))
    assert [detail["field"] for detail in unknown.value.details] == ["items.1.productId"]
