"""What the repository returns. Amounts are whole credits."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

HOUSE = UUID(int=0)
"""The account that credits come from: its balance is below zero by as much as all users hold."""


class TransferKind(StrEnum):
    """From user to user, or from the house to a user."""

    TRANSFER = "transfer"
    DEPOSIT = "deposit"


@dataclass(frozen=True, slots=True)
class TransferRow:
    """One move of credits. `made_by` is who asked for it; nobody when the program did."""

    id: UUID
    kind: TransferKind
    sender_id: UUID
    receiver_id: UUID
    amount: int
    reason: str | None
    made_by: UUID | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One line of an account's statement: `amount` came in, or went out when it is below zero."""

    id: UUID
    transfer_id: UUID
    kind: TransferKind
    amount: int
    balance_after: int
    sender_id: UUID
    receiver_id: UUID
    reason: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AccountSum:
    """What an account says it holds, and what its entries add up to."""

    id: UUID
    balance: int
    entries: int


@dataclass(frozen=True, slots=True)
class TransferSum:
    """The entries of a transfer: how many, and what they add up to."""

    id: UUID
    entries: int
    total: int


@dataclass(frozen=True, slots=True)
class Violation:
    """Something in the ledger that does not add up. `rule` is `sum`, `balance`, `entries` or `transfer`."""

    rule: str
    about: UUID | None
    expected: int
    found: int
