"""Bodies and answers of orders."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, field_validator
from pydantic_core import PydanticCustomError

from mainspring.core.http import ListQuery, Out, Schema, whole
from mainspring.core.money import MAX_AMOUNT, Money

from .rows import FailureReason, ItemRow, OrderState, OrderWithItems, RefundState

MOST_LINES = 50
MOST_OF_ONE = 1_000

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
PaymentMethod = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,255}$")]


class OrderLine(Schema):
    """How many of which product."""

    product_id: UUID
    quantity: Annotated[int, Field(ge=1, le=MOST_OF_ONE, strict=True), whole]


class PlaceOrder(Schema):
    """What to buy. The prices and the total are the server's; a product that is named twice becomes one line."""

    items: list[OrderLine] = Field(min_length=1, max_length=MOST_LINES)
    payment_method: PaymentMethod | None = Field(default=None, description="How to pay; by default what the gateway is set to.")

    @field_validator("items")
    @classmethod
    def one_line_per_product(cls, items: list[OrderLine]) -> list[OrderLine]:
        """Add up what is asked for of one product; the bound of a line holds for the sum."""
        merged: dict[UUID, OrderLine] = {}
        for line in items:
            before = merged.get(line.product_id)
            quantity = line.quantity + (before.quantity if before else 0)
            if quantity > MOST_OF_ONE:
                raise PydanticCustomError("too_many", "At most {most} of one product can be ordered", {"most": MOST_OF_ONE})
            merged[line.product_id] = OrderLine(product_id=line.product_id, quantity=quantity)
        return list(merged.values())


class RefundOrder(Schema):
    """What to pay back, in minor units of the order's currency; without an amount all that is left."""

    amount: Annotated[int, Field(ge=1, le=MAX_AMOUNT, strict=True), whole] | None = None
    reason: Reason


class OrderQuery(ListQuery):
    """Which orders, in which order."""

    state: OrderState | None = None
    buyer_id: UUID | None = None
    sort: Literal["createdAt", "-createdAt"] | None = None


class RefundQuery(ListQuery):
    """Which refunds of an order, in which order."""

    sort: Literal["createdAt", "-createdAt"] | None = None


class MoneyOut(Out):
    """Minor units (cents) and an ISO 4217 currency."""

    amount: int
    currency: str


class ItemOut(Out):
    """One line of an order, at the price of the moment it was placed."""

    product_id: UUID
    name: str
    quantity: int
    price: MoneyOut
    total: MoneyOut

    @classmethod
    def in_currency(cls, items: Sequence[ItemRow], currency: str) -> list[Self]:
        """The lines of an order."""
        return [
            cls(
                product_id=item.product_id,
                name=item.name,
                quantity=item.quantity,
                price=MoneyOut(amount=item.price_amount, currency=currency),
                total=MoneyOut.of(Money(item.price_amount, currency) * item.quantity),
            )
            for item in items
        ]


class OrderOut(Out):
    """An order. `reason` says why one failed, `expiresAt` until when a pending one waits for its payment."""

    id: UUID
    buyer_id: UUID
    state: OrderState
    reason: FailureReason | None
    items: list[ItemOut]
    total: MoneyOut
    refunded: MoneyOut
    expires_at: datetime
    paid_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, found: OrderWithItems) -> Self:
        """The answer for an order."""
        order = found.order
        return cls(
            id=order.id,
            buyer_id=order.buyer_id,
            state=order.state,
            reason=order.reason,
            items=ItemOut.in_currency(found.items, order.currency),
            total=MoneyOut.of(order.total),
            refunded=MoneyOut.of(order.refunded),
            expires_at=order.expires_at,
            paid_at=order.paid_at,
            created_at=order.created_at,
            updated_at=order.updated_at,
            version=order.version,
        )


class RefundOut(Out):
    """A repayment."""

    id: UUID
    order_id: UUID
    state: RefundState
    amount: int
    currency: str
    reason: str
    created_at: datetime
    updated_at: datetime
