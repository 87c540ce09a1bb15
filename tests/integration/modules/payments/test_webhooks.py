"""Webhooks: each counts once, in any order, and only when it is signed (R-284)."""

import asyncio
import contextlib
from datetime import timedelta

import orjson
import pytest

from mainspring.adapters.local_bank.bank import Booking, letter_of
from mainspring.core import clock
from mainspring.modules.payments.repository import EventRepository
from mainspring.modules.payments.rows import PaymentState
from mainspring.modules.payments.service import PaymentService, WebhookService

from .conftest import PRICE
from .storm import EVENTS, weather_the_storm

pytestmark = pytest.mark.anyio
PATH = "/api/v1/payments/webhooks/local"


def letter(key: str, state: str = "succeeded", *, id: str = "evt_1", amount: int = PRICE.amount, refunded: int = 0) -> bytes:
    booking = Booking("ch_1", key, amount, "EUR", "card_late", state, "no" if state == "declined" else None, refunded)
    return orjson.dumps(letter_of(id, booking, clock.now().timestamp()))


@pytest.fixture
def tell(app, bank):
    """Sends a signed webhook and answers the response."""

    async def send(body: bytes, **headers: str):
        return await app.post(PATH, headers={**bank.signature(body), **headers}, content=body)

    return send


async def test_sixty_events_three_times_each_in_any_order_end_like_once_in_order(app, bank):
    async def post(headers, body):
        answer = await app.post(PATH, headers=dict(headers), content=body)
        return answer.status_code, answer.json().get("effect", answer.text)

    await weather_the_storm(app.application, bank, 4, post)


async def test_two_events_of_one_payment_at_once_do_not_wait_for_each_other(tell, pay, payment_of, monkeypatch):
    """Both name the charge. Were both events written before one changes the payment, each would hold what the other wants."""
    payment, added, both = await pay("card_late"), [], asyncio.Event()
    add = EventRepository.add

    async def add_and_wait(self, row):
        id = await add(self, row)
        added.append(row["event_id"])
        if len(added) == 2:
            both.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(both.wait(), 0.3)
        return id

    monkeypatch.setattr(EventRepository, "add", add_and_wait)
    answers = await asyncio.gather(tell(letter(payment.key, id="evt_1")), tell(letter(payment.key, refunded=300, id="evt_2")))

    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(added) == 2, "one of them was begun anew"
    assert (await payment_of(payment.key)).refunded_amount == 300


async def test_a_repeated_event_does_nothing(tell, pay, payment_of, facts):
    payment = await pay("card_late")

    effects = [(await tell(letter(payment.key))).json()["effect"] for _ in range(3)]

    assert effects == ["applied", "duplicate", "duplicate"]
    assert facts == [("PaymentSucceeded", payment.id)]
    assert (await payment_of(payment.key)).state is PaymentState.SUCCEEDED


async def test_older_news_change_nothing(tell, pay, payment_of, facts):
    payment = await pay("card_late")
    await tell(letter(payment.key, refunded=1999, id="evt_3"))

    for number, state in enumerate(("pending", "declined", "succeeded")):
        assert (await tell(letter(payment.key, state, id=f"evt_{number}"))).json() == {"effect": "stale"}

    assert (await payment_of(payment.key)).state is PaymentState.REFUNDED
    assert [name for name, _ in facts] == ["PaymentSucceeded", "PaymentRefunded"]


async def test_a_failed_payment_may_still_succeed(tell, pay, payment_of, facts):
    payment = await pay("card_late")

    await tell(letter(payment.key, "declined", id="evt_1"))
    await tell(letter(payment.key, "succeeded", id="evt_2"))

    found = await payment_of(payment.key)
    assert (found.state, found.reason) == (PaymentState.SUCCEEDED, None)
    assert [name for name, _ in facts] == ["PaymentFailed", "PaymentSucceeded"]


async def test_an_event_about_a_stranger_is_kept_and_accepted(tell, app):
    answer = await tell(letter("nobody knows this key"))

    assert (answer.status_code, answer.json()) == (200, {"effect": "unknown"})
    async with app.application.reading() as uow:
        assert await uow.value(EVENTS) == 1


async def test_an_event_of_another_amount_is_refused_and_kept(tell, pay, payment_of, facts):
    payment = await pay("card_late")

    assert (await tell(letter(payment.key, amount=1))).json() == {"effect": "mismatch"}
    assert (await tell(letter(payment.key, refunded=5000, id="evt_2"))).json() == {"effect": "mismatch"}

    assert (await payment_of(payment.key)).state is PaymentState.PENDING
    assert facts == []


async def test_a_unit_that_fails_forgets_the_event_too(app, tell, bank, pay, payment_of, monkeypatch):
    payment = await pay("card_late")
    with monkeypatch.context() as broken:
        broken.setattr(PaymentService, "apply", lambda *_: (_ for _ in ()).throw(ZeroDivisionError()))
        assert (await tell(letter(payment.key))).status_code == 500

    assert (await tell(letter(payment.key))).json() == {"effect": "applied"}
    assert (await payment_of(payment.key)).state is PaymentState.SUCCEEDED


BAD = {
    "unsigned": lambda bank, body: ({}, body),
    "signed by another": lambda bank, body: ({"bank-signature": bank.signature(body)["bank-signature"][:-4] + "0000"}, body),
    "signed in another time": lambda bank, body: (bank.signature(body, clock.now() - timedelta(minutes=6)), body),
    "signed in the future": lambda bank, body: (bank.signature(body, clock.now() + timedelta(minutes=6)), body),
    "altered": lambda bank, body: (bank.signature(body), body.replace(b"1999", b"1998")),
    "longer": lambda bank, body: (bank.signature(body), body + b" "),
    "empty": lambda bank, body: (bank.signature(body), b""),
    "with an old time put in": lambda bank, body: (
        {"bank-signature": bank.signature(body)["bank-signature"].replace("t=1", "t=2", 1)},
        body,
    ),
    "with two times": lambda bank, body: ({"bank-signature": f"t=1,{bank.signature(body)['bank-signature']}"}, body),
    "with a header of nonsense": lambda bank, body: ({"bank-signature": "t=" + "9" * 30 + ",v1=é"}, body),
}


@pytest.mark.parametrize("how", BAD)
async def test_a_webhook_that_proves_nothing_has_no_effect(how, app, bank, pay, payment_of, facts):
    payment = await pay("card_late")
    headers, body = BAD[how](bank, letter(payment.key))

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    answer = await app.http.post(PATH, headers=raw, content=body)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "payments.webhook_refused")
    assert (await payment_of(payment.key)).state is PaymentState.PENDING
    assert facts == []
    async with app.application.reading() as uow:
        assert await uow.value(EVENTS) == 0


async def test_signed_nonsense_is_refused(tell):
    for body in (b"[1, 2]", b"\xff\x00", b"{}", b'{"charge": {}}'):
        assert (await tell(body)).status_code == 400


async def test_a_gateway_that_is_not_in_use_is_not_found(app, bank):
    body = letter("k")

    answer = await app.post("/api/v1/payments/webhooks/stripe", headers=bank.signature(body), content=body)

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "payments.unknown_gateway")


async def test_old_events_are_forgotten(app, tell, monkeypatch):
    await tell(letter("k", id="old"))
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=91))

    async with app.application.unit() as uow:
        assert await WebhookService(uow).forget_old() == 1
