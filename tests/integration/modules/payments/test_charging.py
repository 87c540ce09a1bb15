"""Charging: once for each key, whatever happens in between (R-284)."""

import asyncio
from datetime import timedelta

import pytest

from mainspring.core import ids
from mainspring.core.errors import Unavailable
from mainspring.core.money import Money
from mainspring.modules.payments.errors import KeyTaken, PaymentDeclined, RefundRefused
from mainspring.modules.payments.ports import Charge, ChargeState, PaymentGateway
from mainspring.modules.payments.rows import PaymentState
from mainspring.modules.payments.service import Charging, PaymentService
from mainspring.modules.payments.service.payments import AmountDiffers

from .conftest import PRICE

pytestmark = pytest.mark.anyio


@pytest.fixture
def environment():
    return {"PAYMENTS__TIMEOUT": "5s"}


async def test_a_good_card_pays(pay, facts, bank):
    payment = await pay("card_ok")

    assert (payment.state, payment.money, payment.refunded_amount) == (PaymentState.SUCCEEDED, PRICE, 0)
    assert payment.settled_at is not None
    assert facts == [("PaymentSucceeded", payment.id)]
    assert (await bank.find(payment.key)).id == payment.charge_id


async def test_without_a_method_the_default_one_pays(application):
    payment = await Charging(application).charge(ids.new(), "a key", PRICE)

    assert (payment.method, payment.state) == ("card_ok", PaymentState.SUCCEEDED)


async def test_a_declined_card_leaves_a_failed_payment(pay, payment_of, facts):
    with pytest.raises(PaymentDeclined) as refused:
        await pay("card_declined", key="k")

    payment = await payment_of("k")
    assert refused.value.details == {"reason": "card_declined"}
    assert (payment.state, payment.reason) == (PaymentState.FAILED, "card_declined")
    assert facts == [("PaymentFailed", payment.id)]


async def test_an_unknown_method_is_declined(pay):
    with pytest.raises(PaymentDeclined) as refused:
        await pay("shells")

    assert refused.value.details == {"reason": "unknown_method"}


async def test_the_same_key_charges_once_and_answers_alike(application, bank, facts):
    reference = ids.new()
    charging = Charging(application)

    first = await charging.charge(reference, "k", PRICE)
    again = await asyncio.gather(*(charging.charge(reference, "k", PRICE) for _ in range(5)))
    for _ in range(2):
        with pytest.raises(PaymentDeclined):
            await charging.charge(reference, "no", PRICE, "card_declined")

    assert {payment.charge_id for payment in again} == {first.charge_id}
    assert len(facts) == 2


async def test_many_at_once_with_one_key_charge_once(application, facts):
    reference = ids.new()

    payments = await asyncio.gather(*(Charging(application).charge(reference, "k", PRICE) for _ in range(8)))

    assert len({(payment.id, payment.charge_id) for payment in payments}) == 1
    assert facts == [("PaymentSucceeded", payments[0].id)]


async def test_a_key_of_another_payment_is_refused(application):
    await Charging(application).charge(ids.new(), "k", PRICE)

    with pytest.raises(KeyTaken):
        await Charging(application).charge(ids.new(), "k", PRICE)
    with pytest.raises(KeyTaken):
        await application.resolve(PaymentGateway).charge("k", Money(5, "EUR"), "card_ok", {})


async def test_a_charge_of_another_amount_is_not_taken_for_ours(application, pay):
    payment = await pay("card_late")
    other = Charge("ch_other", payment.key, ChargeState.SUCCEEDED, Money(1, "EUR"))

    with pytest.raises(AmountDiffers):
        async with application.unit() as uow:
            await PaymentService(uow).record(payment.key, other)


async def test_an_answer_that_is_lost_leaves_it_open_and_the_money_is_found(application, pay, payment_of, bank, facts):
    with pytest.raises(Unavailable):
        await pay("card_timeout", key="k")
    assert (await payment_of("k")).state is PaymentState.PENDING

    async with application.unit() as uow:
        await PaymentService(uow).record("k", await bank.find("k"))

    assert (await payment_of("k")).state is PaymentState.SUCCEEDED
    assert [name for name, _ in facts] == ["PaymentSucceeded"]


@pytest.mark.parametrize(
    ("method", "state", "fact"),
    [
        ("card_late", PaymentState.SUCCEEDED, "PaymentSucceeded"),
        ("card_late_declined", PaymentState.FAILED, "PaymentFailed"),
    ],
)
async def test_a_late_card_is_decided_by_a_webhook(app, pay, payment_of, facts, method, state, fact):
    payment = await pay(method)
    assert (payment.state, payment.charge_id is not None, facts) == (PaymentState.PENDING, True, [])

    assert await app.settle_payments() == 1

    assert (await payment_of(payment.key)).state is state
    assert facts == [(fact, payment.id)]
    assert await app.settle_payments() == 0


async def test_paying_back_in_parts_and_then_all(application, pay, payment_of, facts):
    payment = await pay()
    gateway = application.resolve(PaymentGateway)

    for key, amount in (("a", 500), ("a", 500), ("b", 1499)):
        refund = await gateway.refund(key, payment.charge_id, Money(amount, "EUR"))
        async with application.unit() as uow:
            await PaymentService(uow).refunded(payment.key, refund)
        if key == "a":
            assert (await payment_of(payment.key)).state is PaymentState.PARTLY_REFUNDED

    assert (await payment_of(payment.key)).state is PaymentState.REFUNDED
    assert [name for name, _ in facts] == ["PaymentSucceeded", "PaymentRefunded", "PaymentRefunded"]
    with pytest.raises(RefundRefused):
        await gateway.refund("c", payment.charge_id, Money(1, "EUR"))


async def test_what_was_not_taken_is_not_paid_back(application, pay):
    with pytest.raises(PaymentDeclined) as declined:
        await pay("card_declined")

    with pytest.raises(RefundRefused):
        await application.resolve(PaymentGateway).refund("r", declined.value.charge_id, PRICE)


async def test_the_audit_trail_knows_it(app, pay):
    admin = await app.sign_up()
    await app.give_role(admin, "admin")
    payment = await pay(owner_id=admin.id)

    trail = (await app.as_(admin).get(f"/api/v1/audit?resource=payment&resourceId={payment.id}")).json()["data"]

    assert [entry["action"] for entry in trail] == ["SUCCEED"]
    assert trail[0]["changes"]["amount"] == PRICE.amount


async def test_everybody_sees_his_own_payments(app, pay):
    ada, bob = await app.sign_up(), await app.sign_up()
    mine, other = await pay(owner_id=ada.id), await pay(owner_id=bob.id)

    listed = (await app.as_(ada).get("/api/v1/payments?state=succeeded")).json()["data"]
    stolen = await app.as_(ada).get(f"/api/v1/payments?ownerId={bob.id}")

    assert [payment["id"] for payment in listed] == [str(mine.id)]
    assert listed[0]["money"] == {"amount": 1999, "currency": "EUR"}
    assert [payment["id"] for payment in stolen.json()["data"]] == [str(mine.id)]
    assert (await app.as_(ada).get(f"/api/v1/payments/{other.id}")).status_code == 404
    await app.grant(ada, "payments:read", lasting=timedelta(hours=1))
    found = (await app.as_(ada).get(f"/api/v1/payments?ownerId={bob.id}&reference={other.reference}")).json()["data"]
    assert [payment["id"] for payment in found] == [str(other.id)]


class TestWithoutAGateway:
    @pytest.fixture
    def environment(self):
        return {"PAYMENTS__GATEWAY": "none"}

    async def test_where_nothing_is_sold_every_charge_is_declined(self, application, app, payment_of):
        with pytest.raises(PaymentDeclined):
            await Charging(application).charge(ids.new(), "k", PRICE)
        gateway = application.resolve(PaymentGateway)

        assert (await payment_of("k")).reason == "no_gateway"
        assert await gateway.find("k") is None
        with pytest.raises(RefundRefused):
            await gateway.refund("r", "ch", PRICE)
        assert (await app.post("/api/v1/payments/webhooks/none", content=b"{}")).status_code == 404
