"""Situations of orders."""

from typing import ClassVar
from uuid import UUID

from mainspring.core.errors import Conflict, Invalid, NotFound


class OrderNotFound(NotFound):
    """The same answer for an order that is not there and one the caller may not see (R-340)."""

    code: ClassVar[str] = "orders.not_found"

    def __init__(self, id: UUID) -> None:
        super().__init__(f"Order {id} was not found")


class RefundNotFound(NotFound):
    """The order has no such refund."""

    code: ClassVar[str] = "orders.refund_not_found"

    def __init__(self, id: UUID) -> None:
        super().__init__(f"Refund {id} was not found")


class MixedCurrencies(Invalid):
    """The products have prices in several currencies, which do not add up."""

    code: ClassVar[str] = "orders.mixed_currencies"
    message: ClassVar[str] = "All products of an order must have prices in one currency."


class TotalTooHigh(Invalid):
    """The total is no longer a number that every client reads exactly."""

    code: ClassVar[str] = "orders.total_too_high"
    message: ClassVar[str] = "The total of this order is too high."


class NotCancellable(Conflict):
    """The state of the order, or its age, does not allow to cancel it."""

    code: ClassVar[str] = "orders.not_cancellable"
    message: ClassVar[str] = "This order can no longer be cancelled."


class NotRefundable(Conflict):
    """Only an order that is paid, and not paid back yet, can be refunded."""

    code: ClassVar[str] = "orders.not_refundable"
    message: ClassVar[str] = "There is nothing to refund for this order."


class RefundTooHigh(Conflict):
    """More would be paid back than was paid."""

    code: ClassVar[str] = "orders.refund_too_high"
    message: ClassVar[str] = "This is more than is left of what was paid."


class OrderNoLongerPending(Conflict):
    """The order was cancelled or failed while its payment was under way; the payment is given back."""

    code: ClassVar[str] = "orders.no_longer_pending"
    message: ClassVar[str] = "This order is no longer waiting for its payment."


class PaymentTooLate(Conflict):
    """The time that the products were set aside for is over, and the order was not paid."""

    code: ClassVar[str] = "orders.payment_too_late"
    message: ClassVar[str] = "The payment did not come in time, so the order failed."
