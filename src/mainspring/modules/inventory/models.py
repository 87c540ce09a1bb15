"""The tables of inventory. The stock itself is a column of the catalog's products."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from mainspring.core.database import Model, Timestamps

from .rows import ReservationState

HELD = text("state = 'held'")


class StockReservation(Timestamps, Model):
    """A part of a product's stock that is set aside. Its state changes only by a conditional update (R-282)."""

    __tablename__ = "stock_reservations"
    __table_args__ = (
        UniqueConstraint("reference", "product_id"),
        CheckConstraint("quantity > 0", name="quantity"),
        Index("ix_stock_reservations_product_id", "product_id", sqlite_where=HELD, postgresql_where=HELD),
        Index("ix_stock_reservations_expires_at_reference", "expires_at", "reference", sqlite_where=HELD, postgresql_where=HELD),
    )

    reference: Mapped[UUID]
    product_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("products.id"))
    quantity: Mapped[int] = mapped_column(Integer)
    state: Mapped[ReservationState]
    expires_at: Mapped[datetime]


class StockAdjustment(Model):
    """A change of a product's stock by hand, kept for good with its reason."""

    __tablename__ = "stock_adjustments"
    __table_args__ = (
        CheckConstraint("delta <> 0", name="delta"),
        CheckConstraint("stock_after >= 0", name="stock_after"),
        Index("ix_stock_adjustments_product_id_created_at_id", "product_id", "created_at", "id"),
    )

    product_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("products.id"))
    delta: Mapped[int] = mapped_column(Integer)
    stock_after: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(String(200))
    adjusted_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
