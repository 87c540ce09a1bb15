"""The tables of payments and of what gateways told about them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from mainspring.core.database import Model, Timestamps, Versioned

from .rows import EventEffect, PaymentState


class Payment(Timestamps, Versioned, Model):
    """A charge that we asked for. Its state and its refunds change only by conditional updates, and only forward."""

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("refunded_amount >= 0 AND refunded_amount <= amount", name="refunded"),
        CheckConstraint("refunded_amount = 0 OR state IN ('partly_refunded', 'refunded')", name="refunded_state"),
        CheckConstraint("(state = 'failed') = (reason IS NOT NULL)", name="reason"),
        CheckConstraint("(state = 'pending') = (settled_at IS NULL)", name="settled"),
        UniqueConstraint("key"),
        UniqueConstraint("gateway", "charge_id"),
        Index("ix_payments_reference_created_at", "reference", "created_at"),
        Index("ix_payments_owner_id_created_at_id", "owner_id", "created_at", "id"),
        Index("ix_payments_created_at_id", "created_at", "id"),
        Index("ix_payments_state_created_at_id", "state", "created_at", "id"),
    )

    reference: Mapped[UUID]
    owner_id: Mapped[UUID | None]
    key: Mapped[str] = mapped_column(String(200))
    gateway: Mapped[str] = mapped_column(String(40))
    charge_id: Mapped[str | None] = mapped_column(String(200))
    method: Mapped[str] = mapped_column(String(255))
    state: Mapped[PaymentState]
    reason: Mapped[str | None] = mapped_column(String(200))
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    refunded_amount: Mapped[int]
    is_unwanted: Mapped[bool]
    settled_at: Mapped[datetime | None]


class PaymentEvent(Model):
    """A webhook that was proved and kept, so that the same one changes nothing again."""

    __tablename__ = "payment_events"
    __table_args__ = (
        UniqueConstraint("gateway", "event_id"),
        Index("ix_payment_events_payment_id", "payment_id"),
        Index("ix_payment_events_received_at", "received_at"),
    )

    gateway: Mapped[str] = mapped_column(String(40))
    event_id: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(100))
    charge_id: Mapped[str | None] = mapped_column(String(200))
    payment_id: Mapped[UUID | None] = mapped_column(Uuid(), ForeignKey("payments.id", ondelete="CASCADE"))
    effect: Mapped[EventEffect]
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
