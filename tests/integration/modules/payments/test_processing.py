"""No money stays unaccounted for: answers that were lost are found, and what nobody wants is paid back (R-265, R-284)."""

from datetime import timedelta

import pytest

from mainspring.core import clock, ids
from mainspring.core.errors import Unavailable
from mainspring.core.money import Money
from mainspring.modules.payments.errors import PaymentDeclined
from mainspring.modules.payments.ports import PaymentGateway
from mainspring.modules.payments.rows import PaymentState
from mainspring.modules.payments.schemas import ProcessPayment
from mainspring.modules.payments.service import PaymentService

from .conftest import PRICE

pytestmark = pytest.mark.anyio


@pytest.fixture
def environment():
    return {"PAYMENTS__TIMEOUT": "5s", "PAYMENTS__SETTLE_AFTER": "30s", "PAYMENTS__GIVE_UP_AFTER": "15m"}


@pytest.fixture
def later(monkeypatch):
    """Moves the clock on."""
    real = clock.now
    offset = [timedelta(0)]
    monkeypatch.setattr(clock, "now", lambda: real() + offset[0])

    def forward(time: timedelta) -> None:
        offset[0] += time

    return forward


@pytest.fixture
def look(app):
    """What the schedule does every half minute, and the jobs that come of it."""

    async def unanswered() -> int:
        async with app.application.unit() as uow:
            count = await PaymentService(uow).process_unanswered()
        await app.work()
        return count

    return unanswered


async def begun(application, key: str, method: str = "card_ok"):
    async with application.unit() as uow:
        return await PaymentService(uow).begin(ids.new(), key, PRICE, method)


async def test_a_charge_whose_answer_was_lost_is_found(pay, payment_of, later, look, facts):
    with pytest.raises(Unavailable):
        await pay("card_timeout", key="k")

    assert await look() == 0  # its caller may still ask again
    later(timedelta(seconds=31))
    assert await look() == 1

    payment = await payment_of("k")
    assert payment.state is PaymentState.SUCCEEDED
    assert facts == [("PaymentSucceeded", payment.id)]
    assert await look() == 0


async def test_a_charge_that_was_never_asked_for_fails_in_the_end(application, payment_of, later, look, facts):
    await begun(application, "k")

    later(timedelta(minutes=1))
    await look()
    assert (await payment_of("k")).state is PaymentState.PENDING
    later(timedelta(minutes=15))
    await look()

    payment = await payment_of("k")
    assert (payment.state, payment.reason) == (PaymentState.FAILED, "never_asked")
    assert facts == [("PaymentFailed", payment.id)]


async def test_a_process_that_died_after_the_charge_changes_nothing(application, bank, payment_of, later, look):
    await begun(application, "k")
    await bank.charge("k", PRICE, "card_ok", {})  # and then it died

    later(timedelta(minutes=1))
    await look()

    assert (await payment_of("k")).state is PaymentState.SUCCEEDED


async def test_a_webhook_that_was_lost_is_not_missed(application, pay, payment_of, later, look):
    await pay("card_late", key="k")

    later(timedelta(minutes=1))
    await look()

    assert (await payment_of("k")).state is PaymentState.SUCCEEDED


@pytest.mark.parametrize("method", ["card_ok", "card_timeout", "card_late"])
async def test_what_nobody_wants_is_paid_back(application, app, bank, pay, payment_of, later, look, method, facts):
    try:
        await pay(method, key="k")
    except Unavailable:
        assert method == "card_timeout"

    async with application.unit() as uow:
        await PaymentService(uow).give_back("k")
    await app.work()
    later(timedelta(hours=1))  # the bank decides late cards
    await look()
    await app.work()

    assert (await payment_of("k")).state is PaymentState.REFUNDED
    assert (await bank.find("k")).refunded == PRICE.amount
    assert [name for name, _ in facts] == ["PaymentSucceeded", "PaymentRefunded"]


async def test_money_that_comes_after_all_is_paid_back(application, app, bank, payment_of, later, facts):
    """The request to the bank was on its way when everybody had given it up."""
    await begun(application, "k")
    async with application.unit() as uow:
        await PaymentService(uow).give_back("k")
    later(timedelta(minutes=16))
    await app.work()
    assert (await payment_of("k")).state is PaymentState.FAILED

    charge = await bank.charge("k", PRICE, "card_ok", {})
    async with application.unit() as uow:
        await PaymentService(uow).record("k", charge)
    await app.work()

    assert (await payment_of("k")).state is PaymentState.REFUNDED
    assert (await bank.find("k")).refunded == PRICE.amount
    assert [name for name, _ in facts] == ["PaymentFailed", "PaymentSucceeded", "PaymentRefunded"]


async def test_giving_back_twice_pays_back_once(application, app, bank, pay):
    await pay("card_ok", key="k")

    for _ in range(2):
        async with application.unit() as uow:
            await PaymentService(uow).give_back("k")
        await app.work()

    assert (await bank.find("k")).refunded == PRICE.amount


async def test_only_the_rest_is_given_back(application, app, bank, pay, payment_of):
    payment = await pay("card_ok", key="k")
    refund = await bank.refund("part", payment.charge_id, Money(500, "EUR"))
    async with application.unit() as uow:
        await PaymentService(uow).refunded("k", refund)
        await PaymentService(uow).give_back("k")

    await app.work()

    assert (await payment_of("k")).refunded_amount == PRICE.amount
    assert (await bank.find("k")).refunded == PRICE.amount


async def test_a_declined_charge_has_nothing_to_give_back(application, app, pay, payment_of, facts):
    with pytest.raises(PaymentDeclined):
        await pay("card_declined", key="k")

    async with application.unit() as uow:
        await PaymentService(uow).give_back("k")
    await app.work()

    assert (await payment_of("k")).state is PaymentState.FAILED
    assert [name for name, _ in facts] == ["PaymentFailed"]


async def test_a_key_that_was_never_begun_has_nothing_to_give_back(application):
    async with application.unit() as uow:
        assert await PaymentService(uow).give_back("never") is None


async def test_a_bank_that_does_not_answer_is_asked_again(application, app, bank, monkeypatch, later, payment_of):
    payment = await begun(application, "k")
    await bank.charge("k", PRICE, "card_ok", {})
    gateway = application.resolve(PaymentGateway)
    with monkeypatch.context() as broken:
        broken.setattr(bank.bank, "find", lambda *_: (_ for _ in ()).throw(ConnectionRefusedError()))
        async with application.unit() as uow:
            uow.enqueue(ProcessPayment(payment.id))
        await app.work()
    assert (await payment_of("k")).state is PaymentState.PENDING

    later(timedelta(minutes=30))
    await app.work()

    assert gateway.name == "local"
    assert (await payment_of("k")).state is PaymentState.SUCCEEDED


async def test_a_payment_that_stays_pending_for_a_week_calls_for_a_person(application, app, pay, later, monkeypatch, bank):
    payment = await pay("card_late", key="k")
    monkeypatch.setattr(bank.bank, "_decide", lambda *_: None)
    async with application.unit() as uow:
        uow.enqueue(ProcessPayment(payment.id))
    later(timedelta(days=8))

    with pytest.raises(Exception, match="pending for 8 days"):
        await app.work()
