"""What orders do when facts happen: go on when a payment ends late, and tell the buyer about his order."""

from uuid import UUID

from mainspring.core.database import UnitOfWork
from mainspring.core.events import subscribe
from mainspring.core.money import Money
from mainspring.modules.notifications.ports import Kind
from mainspring.modules.notifications.service import NotificationService
from mainspring.modules.payments.events import PaymentFailed, PaymentSucceeded

from .events import CANCELLED, FAILED, PAID, REFUNDED, OrderCancelled, OrderFailed, OrderPaid, OrderRefunded
from .service import OrderService
from .workflows import Outcome, PaymentAnswer, tell_payment

WHY = {
    "declined": "The payment was declined.",
    "expired": "The payment did not come in time.",
    "unavailable": "The payment could not be asked for.",
}


@subscribe(PaymentSucceeded)
async def hear_of_payment(uow: UnitOfWork, paid: PaymentSucceeded) -> None:
    """The order that waits for it goes on; one that ended without it gives the money back."""
    await tell_payment(uow, paid.reference, PaymentAnswer(Outcome.SUCCEEDED))


@subscribe(PaymentFailed)
async def hear_of_decline(uow: UnitOfWork, failed: PaymentFailed) -> None:
    """The order that waits for the payment fails."""
    await tell_payment(uow, failed.reference, PaymentAnswer(Outcome.DECLINED, failed.reason))


@subscribe(OrderPaid, queue="mail")
async def send_receipt(uow: UnitOfWork, paid: OrderPaid) -> None:
    """Mail the receipt, and say in the application that the order is paid."""
    orders = OrderService(uow)
    found = await orders.whole(await orders.get(paid.order_id))
    order = found.order
    await NotificationService(uow).mail(
        paid.buyer_id,
        "orders/receipt",
        order_id=order.id,
        placed_at=order.created_at,
        paid_at=order.paid_at,
        items=[
            {"name": item.name, "quantity": item.quantity, "total": Money(item.price_amount, order.currency) * item.quantity}
            for item in found.items
        ],
        total=order.total,
    )
    await _tell(uow, paid.buyer_id, PAID, "Your order is paid", f"You paid {order.total}.", paid.order_id)


@subscribe(OrderRefunded, queue="mail")
async def tell_of_refund(uow: UnitOfWork, refunded: OrderRefunded) -> None:
    """Mail and say what was paid back."""
    money = Money(refunded.amount, refunded.currency)
    order = await OrderService(uow).get(refunded.order_id)
    await NotificationService(uow).mail(
        refunded.buyer_id, "orders/refund", order_id=order.id, placed_at=order.created_at, refunded=money
    )
    await _tell(uow, refunded.buyer_id, REFUNDED, f"{money} comes back to you", "", refunded.order_id)


@subscribe(OrderFailed, queue="mail")
async def tell_of_failure(uow: UnitOfWork, failed: OrderFailed) -> None:
    """Say that the order was not paid, and why."""
    await _tell(uow, failed.buyer_id, FAILED, "Your order could not be paid", WHY[failed.reason], failed.order_id)


@subscribe(OrderCancelled, queue="mail")
async def tell_of_cancellation(uow: UnitOfWork, cancelled: OrderCancelled) -> None:
    """Say that the order was cancelled."""
    await _tell(uow, cancelled.buyer_id, CANCELLED, "Your order was cancelled", "", cancelled.order_id)


async def _tell(uow: UnitOfWork, buyer_id: UUID, kind: Kind, title: str, body: str, order_id: UUID) -> None:
    await NotificationService(uow).notify(buyer_id, kind, title, body, {"orderId": order_id})
