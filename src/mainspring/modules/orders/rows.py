"""What the repository returns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from mainspring.core.money import Money


class OrderState(StrEnum):
    """Where an order stands. Only `pending` and `cancelling` pass by themselves; the others are final until somebody acts."""

    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"


class FailureReason(StrEnum):
    """Why an order failed: the payment was declined, did not come in time, or could not be asked for."""

    DECLINED = "declined"
    EXPIRED = "expired"
    UNAVAILABLE = "unavailable"


class RefundState(StrEnum):
    """Where a refund stands: asked for, paid back, or refused for good by the payment service."""

    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order. Amounts are in minor units of its currency.

    `refunded_amount` was paid back, `promised_amount` was or is being paid back; it is never more than the total.
    """

    id: UUID
    buyer_id: UUID
    state: OrderState
    reason: FailureReason | None
    currency: str
    total_amount: int
    promised_amount: int
    refunded_amount: int
    expires_at: datetime
    paid_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int

    @property
    def total(self) -> Money:
        """What the order costs."""
        return Money(self.total_amount, self.currency)

    @property
    def refunded(self) -> Money:
        """What was paid back."""
        return Money(self.refunded_amount, self.currency)

    @property
    def left_amount(self) -> int:
        """What can still be paid back."""
        return self.total_amount - self.promised_amount


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One product of an order, with its name and price as they were when it was placed."""

    order_id: UUID
    product_id: UUID
    name: str
    price_amount: int
    quantity: int


@dataclass(frozen=True, slots=True)
class OrderWithItems:
    """An order and what was ordered."""

    order: OrderRow
    items: Sequence[ItemRow]


@dataclass(frozen=True, slots=True)
class RefundRow:
    """One repayment. `amount` is in minor units of the order's currency; `asked_by` is empty when the program asked itself."""

    id: UUID
    order_id: UUID
    state: RefundState
    amount: int
    currency: str
    reason: str
    asked_by: UUID | None
    created_at: datetime
    updated_at: datetime
