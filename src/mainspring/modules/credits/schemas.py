"""Bodies and answers of credits."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from mainspring.core.database import Page, Slice
from mainspring.core.http import ListQuery, Out, Schema, pagination_of, whole
from mainspring.core.http.pages import CursorPages, NumberedPages
from mainspring.core.money import MAX_AMOUNT

from .rows import HOUSE, EntryRow, TransferKind, TransferRow

Amount = Annotated[int, Field(ge=1, le=MAX_AMOUNT, strict=True), whole]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class TransferCredits(Schema):
    """How many whole credits to send to whom."""

    to_user_id: UUID
    amount: Amount


class DepositCredits(Schema):
    """How many whole credits to give to whom, and why."""

    to_user_id: UUID
    amount: Amount
    reason: Reason | None = None


class StatementQuery(ListQuery):
    """Which lines of the statement, in which order."""

    sort: Literal["createdAt", "-createdAt"] | None = None


class TransferOut(Out):
    """A move of credits; one that came from the house has no sender."""

    id: UUID
    kind: TransferKind
    from_user_id: UUID | None
    to_user_id: UUID
    amount: int
    reason: str | None
    created_at: datetime

    @classmethod
    def of(cls, row: TransferRow) -> Self:
        """The answer for a transfer."""
        return cls(
            id=row.id,
            kind=row.kind,
            from_user_id=_user(row.sender_id),
            to_user_id=row.receiver_id,
            amount=row.amount,
            reason=row.reason,
            created_at=row.created_at,
        )


class EntryOut(Out):
    """A line of the statement: `amount` came in, or went out when it is below zero."""

    id: UUID
    transfer_id: UUID
    kind: TransferKind
    amount: int
    balance_after: int
    from_user_id: UUID | None
    to_user_id: UUID
    reason: str | None
    created_at: datetime

    @classmethod
    def of(cls, row: EntryRow) -> Self:
        """The answer for an entry."""
        return cls(
            id=row.id,
            transfer_id=row.transfer_id,
            kind=row.kind,
            amount=row.amount,
            balance_after=row.balance_after,
            from_user_id=_user(row.sender_id),
            to_user_id=row.receiver_id,
            reason=row.reason,
            created_at=row.created_at,
        )


class StatementOut(Out):
    """What one holds, and how it came to be, the newest first."""

    balance: int
    data: list[EntryOut]
    pagination: NumberedPages | CursorPages

    @classmethod
    def showing(cls, balance: int, found: Page[EntryRow] | Slice[EntryRow]) -> Self:
        """The answer for a balance and a part of its statement."""
        return cls(balance=balance, data=[EntryOut.of(row) for row in found.rows], pagination=pagination_of(found))


def _user(account_id: UUID) -> UUID | None:
    return None if account_id == HOUSE else account_id
