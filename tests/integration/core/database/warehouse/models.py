"""The tables after the second version."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from mainspring.core.database import Model, Timestamps

LIVE = text("deleted_at IS NULL")


class Crate(Timestamps, Model):
    __tablename__ = "warehouse_crates"
    label: Mapped[str] = mapped_column(String(80))
    weight: Mapped[int]
    deleted_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("weight > 0", name="weight"),
        Index("uq_warehouse_crates_label", "label", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
    )


class Box(Model):
    __tablename__ = "warehouse_boxes"
    crate_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("warehouse_crates.id", ondelete="CASCADE"), index=True)
    content: Mapped[dict[str, Any]]
