"""Refunding: promise the amount, pay it back, settle. The products stay with the buyer; cancelling takes them back."""

from dataclasses import dataclass
from uuid import UUID

from mainspring.core.database import UnitOfWork
from mainspring.core.workflows import Flow, durable

from ..rows import RefundRow
from ..service import OrderService, RefundService
from .paying import Repayment, pay_back, repayment_of
from .placing import ATTEMPTS, PATIENT


@dataclass(frozen=True, slots=True)
class RefundOrderFlow:
    """What to pay back of which order, why, and who asked for it; without an amount all that is left."""

    order_id: UUID
    amount: int | None
    reason: str
    asked_by: UUID


@dataclass(frozen=True, slots=True)
class Promising:
    """The refund to make; it has the id of its workflow."""

    refund_id: UUID
    wish: RefundOrderFlow


@durable(attempts=ATTEMPTS, backoff=PATIENT)
async def refund_order(flow: Flow, wish: RefundOrderFlow) -> RefundRow:
    """Answers the refund. Raises NotRefundable, RefundTooHigh, OrderNotFound, and what the payment service refused it with."""
    repayment = await flow.step("promise", promise, Promising(flow.id, wish), undo=break_promise)
    await flow.call("refund", pay_back, repayment)
    return await flow.step("settle", settle, repayment, last=True)


async def promise(uow: UnitOfWork, promising: Promising) -> Repayment:
    """The refund, under way."""
    wish = promising.wish
    refund = await RefundService(uow).promise(
        wish.order_id, wish.amount, wish.reason, wish.asked_by, refund_id=promising.refund_id
    )
    return await repayment_of(uow, refund)


async def break_promise(uow: UnitOfWork, promising: Promising, repayment: Repayment) -> None:
    """The payment service refused it for good."""
    await RefundService(uow).refused(repayment.refund)


async def settle(uow: UnitOfWork, repayment: Repayment) -> RefundRow:
    """The money is back."""
    await RefundService(uow).done(repayment.refund)
    return await OrderService(uow).refund_of(repayment.refund.order_id, repayment.refund.id)
