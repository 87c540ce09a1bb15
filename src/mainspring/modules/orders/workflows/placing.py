"""Placing an order: reserve, charge, confirm, or undo what was done (R-280, R-292).

The order and its placing have one id. The state of the order decides every race: what takes it out of `pending` first has won. A
payment that nobody wants any more is marked so, and is paid back whenever it succeeds.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from mainspring.core import clock
from mainspring.core.database import UnitOfWork
from mainspring.core.jobs import Backoff
from mainspring.core.settings import Settings as CoreSettings
from mainspring.core.workflows import Flow, Workflows, durable
from mainspring.modules.inventory.service import InventoryService
from mainspring.modules.payments.errors import PaymentDeclined

from ..errors import OrderNoLongerPending, PaymentTooLate
from ..rows import FailureReason, OrderState, OrderWithItems
from ..service import OrderedLine, OrderService, PlacingService
from ..settings import Settings
from .paying import Bill, charge, give_back, give_back_for, was_declined

PATIENT = Backoff(first=timedelta(seconds=1), factor=2, longest=timedelta(minutes=1))
PAYMENT = "payment"
WITHOUT_MONEY = (OrderState.FAILED, OrderState.CANCELLED)
ATTEMPTS = 120  # about two hours of a payment service that does not answer, before a person must look


class Outcome(StrEnum):
    """What became of a payment that was pending."""

    SUCCEEDED = "succeeded"
    DECLINED = "declined"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class PaymentAnswer:
    """What a waiting order is told: how its payment ended, or that it was cancelled. `reason` is the bank's for a decline."""

    outcome: Outcome
    reason: str = "declined"


@dataclass(frozen=True, slots=True)
class PlaceOrderFlow:
    """What to buy, for whom, and how it is paid."""

    buyer_id: UUID
    lines: tuple[OrderedLine, ...]
    payment_method: str | None = None


@dataclass(frozen=True, slots=True)
class Reserving:
    """The order to make."""

    order_id: UUID
    wish: PlaceOrderFlow


@durable(attempts=ATTEMPTS, backoff=PATIENT)
async def place_order(flow: Flow, wish: PlaceOrderFlow) -> OrderWithItems:
    """Answers the paid order. Raises OutOfStock, PaymentDeclined, PaymentTooLate, OrderNoLongerPending, Invalid."""
    bill = await flow.step("reserve", reserve, Reserving(flow.id, wish), undo=give_up)
    if bill.amount:
        paid = await flow.call("charge", charge, bill, undo=give_back)
        if not paid.state.is_paid:
            left = max(bill.expires_at - clock.now(), timedelta())  # counts the first time only: a wait keeps its end
            answer = await flow.signal(PAYMENT, PaymentAnswer, timeout=left)
            _refuse(answer)
    return await flow.step("confirm", confirm, bill.order_id, last=True)


def _refuse(answer: PaymentAnswer | None) -> None:
    if answer is None:
        raise PaymentTooLate()
    if answer.outcome == Outcome.DECLINED:
        raise PaymentDeclined(answer.reason)
    if answer.outcome == Outcome.CANCELLED:
        raise OrderNoLongerPending()


async def reserve(uow: UnitOfWork, reserving: Reserving) -> Bill:
    """The order at the server's prices, with its products set aside, in one transaction."""
    ttl = uow.port(CoreSettings).section(Settings).reservation_ttl
    id, wish = reserving.order_id, reserving.wish
    items = [(line.product_id, line.quantity) for line in wish.lines]
    order = await PlacingService(uow).create(id, wish.buyer_id, wish.lines, expires_at=clock.after(ttl))
    await InventoryService(uow).reserve(id, items, ttl)
    return Bill(id, order.buyer_id, order.total_amount, order.currency, wish.payment_method, order.created_at, order.expires_at)


async def confirm(uow: UnitOfWork, order_id: UUID) -> OrderWithItems:
    """The order is paid and its products are the buyer's. Raises OrderNoLongerPending, ReservationEnded."""
    order = await PlacingService(uow).pay(order_id)
    await InventoryService(uow).consume(order_id)
    return await OrderService(uow).whole(order)


async def give_up(uow: UnitOfWork, reserving: Reserving, bill: Bill) -> None:
    """The order failed and its products are free; nothing when it was cancelled meanwhile."""
    if await PlacingService(uow).fail(bill.order_id, await _reason(uow, bill)):
        await InventoryService(uow).release(bill.order_id)


async def _reason(uow: UnitOfWork, bill: Bill) -> FailureReason:
    if await was_declined(uow, bill.order_id):
        return FailureReason.DECLINED
    return FailureReason.EXPIRED if bill.expires_at <= clock.now() else FailureReason.UNAVAILABLE


async def tell_payment(uow: UnitOfWork, order_id: UUID, answer: PaymentAnswer) -> None:
    """Tell an order how its payment ended. One that has ended without it gives the money back."""
    order = await OrderService(uow).find_one(order_id)
    if order is None:
        return  # a payment of something else
    if order.state is OrderState.PENDING:
        await uow.port(Workflows).signal(uow, order_id, PAYMENT, answer)
    elif order.state in WITHOUT_MONEY and answer.outcome is Outcome.SUCCEEDED:
        await give_back_for(uow, order_id)


async def let_go(uow: UnitOfWork, order_id: UUID) -> None:
    """An order was cancelled while it was pending: free its products, want no money for it, end its placing."""
    await InventoryService(uow).release(order_id)
    await give_back_for(uow, order_id)
    await uow.port(Workflows).signal(uow, order_id, PAYMENT, PaymentAnswer(Outcome.CANCELLED))
