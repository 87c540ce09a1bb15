"""The ledger. Transfers and entries are only ever added; balances change only by conditional updates (R-283, D-37)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from mainspring.core.database import Model, Timestamps

from .rows import TransferKind


class CreditAccount(Timestamps, Model):
    """What somebody holds. Its id is that of the user, or zero for the house, which alone may be below zero."""

    __tablename__ = "credit_accounts"
    __table_args__ = (CheckConstraint("is_house OR balance >= 0", name="balance"),)

    is_house: Mapped[bool]
    balance: Mapped[int]


class CreditTransfer(Model):
    """One move of credits, made of two entries."""

    __tablename__ = "credit_transfers"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("sender_id <> receiver_id", name="parties"),
    )

    kind: Mapped[TransferKind]
    sender_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("credit_accounts.id"))
    receiver_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("credit_accounts.id"))
    amount: Mapped[int]
    reason: Mapped[str | None] = mapped_column(String(200))
    made_by: Mapped[UUID | None]
    created_at: Mapped[datetime]


class CreditEntry(Model):
    """One side of a transfer: the sender's is below zero, the receiver's above, and together they are zero."""

    __tablename__ = "credit_entries"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount"),
        UniqueConstraint("transfer_id", "account_id"),
        Index("ix_credit_entries_account_id_id", "account_id", "id"),
    )

    transfer_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("credit_transfers.id"))
    account_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("credit_accounts.id"))
    amount: Mapped[int]
    balance_after: Mapped[int]
    created_at: Mapped[datetime]
