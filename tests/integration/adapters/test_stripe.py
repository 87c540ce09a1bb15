"""Stripe, asked over real HTTP: every answer becomes one of ours, and the key stays secret (R-284)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from mainspring.adapters import stripe as adapter
from mainspring.core import clock, ids
from mainspring.core.application import create_application
from mainspring.core.errors import Unavailable
from mainspring.core.money import Money
from mainspring.core.observability.logs import captured_logs
from mainspring.core.security.timed_signature import signed
from mainspring.modules.payments.errors import KeyTaken, PaymentDeclined, RefundRefused, WebhookRefused
from mainspring.modules.payments.ports import ChargeState, PaymentGateway
from mainspring.modules.payments.rows import PaymentState
from mainspring.modules.payments.service import Charging, PaymentService
from mainspring.testing.client import AppClient
from mainspring.testing.databases import settings_for

from .stripe_double import API_KEY, StripeDouble

pytestmark = pytest.mark.anyio
PRICE = Money(1999, "EUR")
SECRET = "whsec_also_a_secret"
PATH = "/api/v1/payments/webhooks/stripe"


@pytest.fixture
def double():
    double = StripeDouble()
    yield double
    double.close()


@pytest.fixture
def environment(double):
    return {
        "PAYMENTS__GATEWAY": "stripe",
        "PAYMENTS__STRIPE_URL": double.url,
        "PAYMENTS__TIMEOUT": "4s",
        "STRIPE_API_KEY": API_KEY,
        "STRIPE_WEBHOOK_SECRET": f"whsec_an_older_one, {SECRET}",
    }


@pytest.fixture
def gateway(application) -> PaymentGateway:
    return application.resolve(PaymentGateway)


def event(kind: str, about: dict[str, Any], id: str = "evt_1") -> bytes:
    return orjson.dumps({"id": id, "object": "event", "type": kind, "created": 1_790_000_000, "data": {"object": about}})


def intent(key: str | None, status: str = "succeeded", **more: Any) -> dict[str, Any]:
    metadata = {} if key is None else {"mainspring_key": key, "orderId": "1"}
    base = {"id": "pi_9", "object": "payment_intent", "amount": 1999, "currency": "eur", "status": status, "metadata": metadata}
    return {**base, "latest_charge": "ch_9", "last_payment_error": None, **more}


async def test_a_charge_is_a_confirmed_payment_intent(gateway, double):
    charge = await gateway.charge("k", PRICE, "pm_card_visa", {"orderId": "1"})

    assert (charge.state, charge.amount, charge.key, charge.refunded) == (ChargeState.SUCCEEDED, PRICE, "k", 0)
    [(_, _, headers, params)] = double.requests
    assert headers["idempotency-key"] == "k"
    assert (params["amount"], params["currency"], params["confirm"]) == ("1999", "eur", "true")
    assert (params["metadata[orderId]"], params["metadata[mainspring_key]"]) == ("1", "k")


async def test_the_same_key_charges_once(gateway, double):
    first = await gateway.charge("k", PRICE, "pm_card_visa", {})

    assert await gateway.charge("k", PRICE, "pm_card_visa", {}) == first
    assert len(double.intents) == 1
    with pytest.raises(KeyTaken):
        await gateway.charge("k", Money(1, "EUR"), "pm_card_visa", {})


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        ("pm_card_chargeDeclined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("a shell", "resource_missing"),
    ],
)
async def test_a_refusal_is_a_declined_payment_with_stripes_reason(gateway, method, reason):
    with pytest.raises(PaymentDeclined) as refused:
        await gateway.charge("k", PRICE, method, {})

    assert refused.value.details == {"reason": reason}
    assert (refused.value.charge_id is not None) == method.startswith("pm_")


@pytest.mark.parametrize("method", ["pm_slow", "pm_asks"])
async def test_what_stripe_decides_later_is_pending(gateway, method):
    assert (await gateway.charge("k", PRICE, method, {})).state is ChargeState.PENDING


async def test_paying_back(gateway, double):
    charge = await gateway.charge("k", PRICE, "pm_card_visa", {})

    first = await gateway.refund("a", charge.id, Money(500, "EUR"))
    again = await gateway.refund("a", charge.id, Money(500, "EUR"))
    rest = await gateway.refund("b", charge.id, Money(1499, "EUR"))

    assert (first, first.refunded, rest.refunded) == (again, 500, 1999)
    with pytest.raises(RefundRefused):
        await gateway.refund("c", charge.id, Money(1, "EUR"))
    found = await gateway.find("k")
    assert found is not None
    assert found.refunded == 1999


async def test_what_is_not_paid_cannot_be_paid_back(gateway):
    charge = await gateway.charge("k", PRICE, "pm_slow", {})

    with pytest.raises(RefundRefused):
        await gateway.refund("a", charge.id, PRICE)


async def test_a_charge_is_found_by_its_key(gateway):
    made = await gateway.charge("it's \\ a key", PRICE, "pm_card_visa", {})
    await gateway.charge("other", PRICE, "pm_card_visa", {})

    assert await gateway.find("it's \\ a key") == made
    assert await gateway.find("nobody's") is None


async def test_a_charge_that_is_too_new_for_the_search_is_found_too(gateway, double, monkeypatch):
    monkeypatch.setattr(adapter, "PAGE", 3)
    since = clock.now()
    made = await gateway.charge("k", PRICE, "pm_card_visa", {})
    for number in range(7):
        await gateway.charge(f"other {number}", PRICE, "pm_card_visa", {})
    double.indexed = False

    assert await gateway.find("k", since) == made
    assert await gateway.find("nobody's", since) is None
    assert double.count_of("GET", "/v1/payment_intents") == 6


async def test_with_too_many_new_ones_it_does_not_say_that_there_is_none(gateway, double, monkeypatch):
    monkeypatch.setattr(adapter, "PAGE", 1)
    monkeypatch.setattr(adapter, "MOST_PAGES", 2)
    for number in range(4):
        await gateway.charge(f"other {number}", PRICE, "pm_card_visa", {})

    with pytest.raises(Unavailable):
        await gateway.find("k", clock.now())
    assert await gateway.find("k", clock.now() - timedelta(minutes=6)) is None


async def test_a_declined_charge_is_found_as_declined(gateway):
    with pytest.raises(PaymentDeclined):
        await gateway.charge("k", PRICE, "pm_card_chargeDeclined", {})

    found = await gateway.find("k")

    assert found is not None
    assert (found.state, found.reason) == (ChargeState.DECLINED, "generic_decline")


async def test_an_answer_that_does_not_come_leaves_it_open_and_find_knows(gateway, double):
    with pytest.raises(Unavailable):
        await gateway.charge("k", PRICE, "pm_hangs", {})

    found = await gateway.find("k")

    assert found is not None
    assert found.state is ChargeState.SUCCEEDED


@pytest.mark.parametrize("status", [500, 502, 503, 409])
async def test_a_charge_that_fails_at_stripe_is_not_repeated_by_itself(gateway, double, status):
    double.failures = [status]

    with pytest.raises(Unavailable):
        await gateway.charge("k", PRICE, "pm_card_visa", {})

    assert double.count_of("POST", "/v1/payment_intents") == 1


async def test_what_stripe_certainly_did_not_do_is_tried_again(gateway, double):
    double.failures = [429]

    assert (await gateway.charge("k", PRICE, "pm_card_visa", {})).state is ChargeState.SUCCEEDED


async def test_looking_up_is_tried_again(gateway, double):
    await gateway.charge("k", PRICE, "pm_card_visa", {})
    double.failures = [503, 500]

    assert await gateway.find("k") is not None


async def test_a_stripe_that_is_away_is_unavailable(gateway, double):
    double.close()

    with pytest.raises(Unavailable):
        await gateway.charge("k", PRICE, "pm_card_visa", {})


class TestWithAWrongKey:
    @pytest.fixture
    def environment(self, double):
        return {
            "PAYMENTS__GATEWAY": "stripe",
            "PAYMENTS__STRIPE_URL": double.url,
            "STRIPE_API_KEY": "sk_live_an_expired_secret",
            "STRIPE_WEBHOOK_SECRET": SECRET,
        }

    async def test_a_key_that_stripe_refuses_is_told_in_the_log_and_never_shown(self, gateway):
        with captured_logs() as lines, pytest.raises(Unavailable) as refused:
            await gateway.charge("k", PRICE, "pm_card_visa", {})

        assert "stripe_does_not_know_us" in [line["message"] for line in lines]
        assert "an_expired_secret" not in repr(lines) + repr(refused.value) + repr(refused.value.__cause__)


async def test_no_secret_is_ever_logged(gateway, double):
    with captured_logs() as lines:
        for method in ("pm_card_visa", "pm_card_chargeDeclined", "a shell"):
            await asyncio.gather(gateway.charge(method, PRICE, method, {}), return_exceptions=True)
        for status in (500, 429, 409, 400):
            double.failures = [status] * 3
            await asyncio.gather(gateway.charge(f"k{status}", PRICE, "pm_card_visa", {}), return_exceptions=True)
        double.close()
        await asyncio.gather(gateway.find("k"), return_exceptions=True)

    assert len(lines) > 3
    assert not any(secret in repr(lines) for secret in (API_KEY, "sk_test", SECRET))


class Webhooks:
    """Sends events as Stripe would."""

    def __init__(self, app: AppClient) -> None:
        self.app = app

    async def __call__(self, body: bytes, secret: str = SECRET, moment: datetime | None = None) -> Any:
        headers = {"Stripe-Signature": signed(body, secret.encode(), moment or clock.now()), "Content-Type": "application/json"}
        return await self.app.post(PATH, headers=headers, content=body)


@pytest.fixture
def tell(app) -> Webhooks:
    return Webhooks(app)


@pytest.fixture
async def key(application) -> str:
    """A pending payment."""
    key = str(ids.new())
    async with application.unit() as uow:
        await PaymentService(uow).begin(ids.new(), key, PRICE, "pm_slow")
    return key


async def state_of(application, key: str) -> tuple[PaymentState, int, str | None]:
    async with application.reading() as uow:
        payment = await PaymentService(uow).of_key(key)
        return payment.state, payment.refunded_amount, payment.reason


async def test_the_story_of_a_payment_told_backwards(application, tell, key):
    refunded = {"id": "ch_9", "object": "charge", "payment_intent": "pi_9", "amount": 1999, "currency": "eur"}
    failed = intent(key, "requires_payment_method", last_payment_error={"code": "card_declined", "decline_code": "lost_card"})
    told = [
        event("charge.refunded", {**refunded, "amount_refunded": 1999, "metadata": {"mainspring_key": key}}, "evt_5"),
        event("charge.refunded", {**refunded, "amount_refunded": 500, "metadata": {}}, "evt_4"),
        event("payment_intent.succeeded", intent(key), "evt_3"),
        event("payment_intent.payment_failed", failed, "evt_2"),
        event("payment_intent.processing", intent(key, "processing"), "evt_1"),
    ]

    effects = [(await tell(body)).json()["effect"] for body in told]

    assert effects == ["applied", "stale", "stale", "stale", "stale"]
    assert await state_of(application, key) == (PaymentState.REFUNDED, 1999, None)


async def test_a_failed_payment_says_why(application, tell, key):
    problem = {"code": "card_declined", "decline_code": "lost_card"}

    await tell(event("payment_intent.payment_failed", intent(key, "requires_payment_method", last_payment_error=problem)))

    assert await state_of(application, key) == (PaymentState.FAILED, 0, "lost_card")


async def test_a_cancelled_payment_has_failed(application, tell, key):
    await tell(event("payment_intent.canceled", intent(key, "canceled", cancellation_reason="abandoned")))

    assert await state_of(application, key) == (PaymentState.FAILED, 0, "abandoned")


async def test_events_about_other_things_are_kept_without_effect(tell, key):
    assert (await tell(event("customer.created", {"id": "cus_1"}))).json() == {"effect": "ignored"}
    assert (await tell(event("payment_intent.succeeded", intent(None), "evt_2"))).json() == {"effect": "unknown"}


async def test_while_the_secret_changes_both_are_accepted(tell, key):
    body = event("payment_intent.processing", intent(key, "processing"))

    assert (await tell(body, "whsec_an_older_one")).json() == {"effect": "applied"}


@pytest.mark.parametrize(
    ("secret", "moment"),
    [("whsec_wrong", None), (SECRET, datetime(2020, 1, 1, tzinfo=UTC)), (SECRET, datetime(2100, 1, 1, tzinfo=UTC))],
)
async def test_what_stripe_did_not_sign_now_is_refused(application, tell, key, secret, moment):
    answer = await tell(event("payment_intent.succeeded", intent(key)), secret, moment)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, WebhookRefused.code)
    assert (await state_of(application, key))[0] is PaymentState.PENDING


async def test_stripes_own_library_signs_what_we_accept(app, key):
    import stripe

    body = event("payment_intent.succeeded", intent(key))
    header = stripe.WebhookSignature.generate_signature_header(body.decode(), SECRET)

    assert (await app.post(PATH, headers={"Stripe-Signature": header}, content=body)).json() == {"effect": "applied"}


async def test_an_order_pays_through_stripe_and_its_timeout_is_found(application, app, double):
    payment = await Charging(application).charge(ids.new(), "good", PRICE, "pm_card_visa")
    with pytest.raises(Unavailable):
        await Charging(application).charge(ids.new(), "lost", PRICE, "pm_hangs")

    async with application.unit() as uow:
        await PaymentService(uow).give_back("good")
        await PaymentService(uow).give_back("lost")
    await app.work()

    assert payment.state is PaymentState.SUCCEEDED
    assert (await state_of(application, "good"))[:2] == (PaymentState.REFUNDED, 1999)
    assert (await state_of(application, "lost"))[:2] == (PaymentState.REFUNDED, 1999)
    assert all(one["latest_charge"]["amount_refunded"] == 1999 for one in double.intents.values())


def test_two_applications_do_not_share_a_key(tmp_path, double, environment):
    first = create_application(settings_for(f"sqlite:///{tmp_path}/a.db", tmp_path, environment))
    second = create_application(settings_for(f"sqlite:///{tmp_path}/b.db", tmp_path, {**environment, "STRIPE_API_KEY": "sk_b"}))

    assert first.resolve(PaymentGateway) is not second.resolve(PaymentGateway)
