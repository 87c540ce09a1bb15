"""Facts about orders; each leaves an audit record and is told to the buyer's channel (R-115, R-280)."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from mainspring.core.events import AuditedFact
from mainspring.modules.notifications.ports import Kind

PAID = Kind("orders.paid", "orders that were paid")
FAILED = Kind("orders.failed", "orders that could not be paid")
CANCELLED = Kind("orders.cancelled", "orders that were cancelled")
REFUNDED = Kind("orders.refunded", "money that comes back to you")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvent(AuditedFact, resource="order", about="order_id"):
    """Something happened to an order. The amount is in minor units of the currency."""

    channel: ClassVar[str] = "orders.{buyer_id}"

    order_id: UUID
    buyer_id: UUID
    amount: int
    currency: str


class OrderPlaced(OrderEvent, action="CREATE"):
    """An order exists and its products are reserved; nothing is paid yet."""


class OrderPaid(OrderEvent, action="PAY"):
    """The order is paid and its products are the buyer's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFailed(OrderEvent, action="FAIL"):
    """The order was not paid; its products are free again."""

    reason: str


class OrderCancelled(OrderEvent, action="CANCEL"):
    """The order was taken back: its products are free again, and what was paid was paid back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefunded(OrderEvent, action="REFUND"):
    """A part of what was paid, or all of it, was paid back."""

    refund_id: UUID
