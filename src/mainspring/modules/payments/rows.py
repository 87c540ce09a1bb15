"""What the repository returns."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from mainspring.core.money import Money


class PaymentState(StrEnum):
    """Where a payment stands. It moves forward only: a failed one may still succeed, a succeeded one may be paid back."""

    PENDING = "pending"
    FAILED = "failed"
    SUCCEEDED = "succeeded"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"

    @property
    def is_paid(self) -> bool:
        """Whether the money was taken."""
        return self in (PaymentState.SUCCEEDED, PaymentState.PARTLY_REFUNDED, PaymentState.REFUNDED)


class EventEffect(StrEnum):
    """What a webhook did: changed a payment, told what was known, named a payment that we do not have, or nothing we follow."""

    APPLIED = "applied"
    STALE = "stale"
    UNKNOWN = "unknown"
    IGNORED = "ignored"
    MISMATCH = "mismatch"


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """One charge of something (`reference`). Amounts are in minor units of the currency.

    `key` is what the gateway was asked with; `charge_id` its answer. `is_unwanted` money is paid back as soon as it is taken.
    """

    id: UUID
    reference: UUID
    owner_id: UUID | None
    key: str
    gateway: str
    charge_id: str | None
    method: str
    state: PaymentState
    reason: str | None
    amount: int
    currency: str
    refunded_amount: int
    is_unwanted: bool
    settled_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int

    @property
    def money(self) -> Money:
        """What was asked for."""
        return Money(self.amount, self.currency)

    @property
    def refunded(self) -> Money:
        """What was paid back."""
        return Money(self.refunded_amount, self.currency)

    @property
    def left(self) -> Money:
        """What was not paid back."""
        return Money(self.amount - self.refunded_amount, self.currency)
