"""Facts about payments; each leaves an audit record. `reference` is what was paid for, such as an order's id."""

from dataclasses import dataclass
from uuid import UUID

from mainspring.core.events import AuditedFact


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFact(AuditedFact, resource="payment"):
    """Something happened to a payment. Amounts are in minor units of `currency`."""

    id: UUID
    reference: UUID
    owner_id: UUID | None
    charge_id: str | None
    amount: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSucceeded(PaymentFact, action="SUCCEED"):
    """The money was taken. It may follow a PaymentFailed of the same payment, when the bank changed its mind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFailed(PaymentFact, action="FAIL"):
    """The money was not taken: declined, or never asked for."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRefunded(PaymentFact, action="REFUND"):
    """`amount` was paid back just now, and `refunded` of the payment in all."""

    refunded: int
