"""The tables of orders, what was ordered, and what was paid back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from mainspring.core.database import Model, Timestamps, Versioned

from .rows import FailureReason, OrderState, RefundState


class Order(Timestamps, Versioned, Model):
    """What somebody wants to buy. Its state and its amounts change only by conditional updates."""

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint("total_amount >= 0", name="total"),
        CheckConstraint("refunded_amount >= 0 AND refunded_amount <= promised_amount", name="refunded"),
        CheckConstraint("promised_amount <= total_amount", name="promised"),
        CheckConstraint("(state = 'failed') = (reason IS NOT NULL)", name="reason"),
        Index("ix_orders_buyer_id_created_at_id", "buyer_id", "created_at", "id"),
        Index("ix_orders_created_at_id", "created_at", "id"),
        Index("ix_orders_state_created_at_id", "state", "created_at", "id"),
    )

    buyer_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("users.id"))
    state: Mapped[OrderState]
    reason: Mapped[FailureReason | None]
    currency: Mapped[str] = mapped_column(String(3))
    total_amount: Mapped[int] = mapped_column(BigInteger)
    promised_amount: Mapped[int] = mapped_column(BigInteger)
    refunded_amount: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]


class OrderItem(Model):
    """One line of an order: the product's name and price are copies, so later changes of the catalog leave them alone."""

    __tablename__ = "order_items"
    __table_args__ = (
        UniqueConstraint("order_id", "product_id"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("price_amount >= 0", name="price"),
        Index("ix_order_items_product_id", "product_id"),
    )

    order_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("orders.id", ondelete="CASCADE"))
    product_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("products.id"))
    line: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(200))
    price_amount: Mapped[int] = mapped_column(BigInteger)
    quantity: Mapped[int] = mapped_column(Integer)


class OrderRefund(Timestamps, Model):
    """One repayment of an order, kept whatever became of it."""

    __tablename__ = "order_refunds"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_order_refunds_order_id_created_at_id", "order_id", "created_at", "id"),
    )

    order_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("orders.id", ondelete="CASCADE"))
    state: Mapped[RefundState]
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(String(200))
    asked_by: Mapped[UUID | None] = mapped_column(Uuid(), ForeignKey("users.id"))
