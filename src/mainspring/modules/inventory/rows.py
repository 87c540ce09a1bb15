"""What the repository returns."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class ReservationState(StrEnum):
    """Where a reservation stands: its stock is set aside, has left, went back unused, or came back after it had left."""

    HELD = "held"
    CONSUMED = "consumed"
    RELEASED = "released"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class ReservationRow:
    """So many of one product, set aside for a reference."""

    id: UUID
    reference: UUID
    product_id: UUID
    quantity: int
    state: ReservationState
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class MovedRow:
    """A part of a reservation whose state was just changed."""

    reference: UUID
    product_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class AdjustmentRow:
    """A change of a stock by hand. `adjusted_by` is empty when the program did it."""

    id: UUID
    product_id: UUID
    delta: int
    stock_after: int
    reason: str
    adjusted_by: UUID | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StockLevel:
    """How many of a product are free, and how many are set aside."""

    product_id: UUID
    available: int
    reserved: int
