"""Facts about credits; each leaves an audit record (R-115, R-283)."""

from dataclasses import dataclass
from uuid import UUID

from mainspring.core.events import AuditedFact


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditsMoved(AuditedFact, resource="credit_transfer"):
    """Credits left one account for another. `id` is that of the transfer."""

    id: UUID
    sender_id: UUID
    receiver_id: UUID
    amount: int


class CreditsTransferred(CreditsMoved, action="TRANSFER"):
    """A user sent credits to another."""


class CreditsDeposited(CreditsMoved, action="DEPOSIT"):
    """A user was given credits by the house."""
