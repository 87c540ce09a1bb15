"""The money of an order: asked for once, given back when nobody wants it any more, paid back in parts (R-284)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mainspring.core import clock
from mainspring.core.database import UnitOfWork
from mainspring.core.errors import Unavailable
from mainspring.core.money import Money
from mainspring.core.workflows import Call
from mainspring.modules.payments.errors import PaymentDeclined
from mainspring.modules.payments.ports import PaymentGateway
from mainspring.modules.payments.rows import PaymentRow, PaymentState
from mainspring.modules.payments.service import Charging, PaymentService

from ..errors import NotRefundable, PaymentTooLate
from ..rows import RefundRow


@dataclass(frozen=True, slots=True)
class Bill:
    """What is to be paid, by whom, how, since when and until when. The amount is in minor units of the currency."""

    order_id: UUID
    buyer_id: UUID
    amount: int
    currency: str
    method: str | None
    placed_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Repayment:
    """A refund under way, and the charge that it is taken from."""

    refund: RefundRow
    payment_key: str
    charge_id: str


def key_of(order_id: UUID) -> str:
    """What the gateway is asked with: an order is charged once, whichever process asks."""
    return f"order:{order_id}"


async def charge(call: Call, bill: Bill) -> PaymentRow:
    """The payment, succeeded or pending. When the answer was lost, the bank is asked what became of it.

    Raises PaymentDeclined, PaymentTooLate, and Unavailable as long as nobody knows.
    """
    if bill.expires_at <= clock.now():
        raise PaymentTooLate()
    key, money = key_of(bill.order_id), Money(bill.amount, bill.currency)
    try:
        return await Charging(call.application).charge(
            bill.order_id, key, money, bill.method, bill.buyer_id, {"orderId": str(bill.order_id)}
        )
    except Unavailable:
        found = await call.resolve(PaymentGateway).find(key, bill.placed_at)
        if found is None:
            raise
    async with call.application.unit() as uow:
        payment = await PaymentService(uow).record(key, found)
    if payment.state is PaymentState.FAILED:
        raise PaymentDeclined(payment.reason or "declined", charge_id=payment.charge_id)
    return payment


async def give_back(uow: UnitOfWork, bill: Bill, payment: PaymentRow | None) -> None:
    """What was taken, or will be, goes back; also when nobody knows how the charge ended."""
    await PaymentService(uow).give_back(key_of(bill.order_id))


async def give_back_for(uow: UnitOfWork, order_id: UUID) -> None:
    """Nobody wants the money of this order any more."""
    await PaymentService(uow).give_back(key_of(order_id))


async def was_declined(uow: UnitOfWork, order_id: UUID) -> bool:
    """Whether the bank refused the payment of the order."""
    payment = await PaymentService(uow).of_reference(order_id)
    return payment is not None and payment.state is PaymentState.FAILED


async def repayment_of(uow: UnitOfWork, refund: RefundRow) -> Repayment:
    """From which charge a refund is taken. Raises NotRefundable when the order has none."""
    payment = await PaymentService(uow).of_reference(refund.order_id)
    if payment is None or payment.charge_id is None:
        raise NotRefundable()
    return Repayment(refund, payment.key, payment.charge_id)


async def pay_back(call: Call, repayment: Repayment) -> None:
    """The money is with the buyer. Raises RefundRefused, Unavailable."""
    refund = repayment.refund
    gateway = call.resolve(PaymentGateway)
    accepted = await gateway.refund(f"refund:{refund.id}", repayment.charge_id, Money(refund.amount, refund.currency))
    async with call.application.unit() as uow:
        await PaymentService(uow).refunded(repayment.payment_key, accepted)
