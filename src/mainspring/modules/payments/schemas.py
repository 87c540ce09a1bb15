"""Queries, answers and orders of payments."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from mainspring.core.http import ListQuery, Out

from .rows import PaymentState


@dataclass(frozen=True, slots=True)
class ProcessPayment:
    """Find out what became of a payment, and pay back what nobody wants (R-265)."""

    payment_id: UUID


class PaymentQuery(ListQuery):
    """Which payments, in which order. `ownerId` is for holders of `payments:read`."""

    state: PaymentState | None = None
    reference: UUID | None = None
    owner_id: UUID | None = None
    sort: Literal["createdAt", "-createdAt"] | None = None


class MoneyOut(Out):
    """Minor units (cents) and an ISO 4217 currency."""

    amount: int
    currency: str


class PaymentOut(Out):
    """A payment. `reference` is what was paid for, such as an order; `reason` says why it failed."""

    id: UUID
    reference: UUID
    owner_id: UUID | None
    state: PaymentState
    money: MoneyOut
    refunded: MoneyOut
    method: str
    gateway: str
    reason: str | None
    created_at: datetime
    settled_at: datetime | None
    version: int


class WebhookOut(Out):
    """What the webhook did; a repeated one does nothing."""

    effect: Literal["applied", "stale", "unknown", "ignored", "mismatch", "duplicate"]
