"""Create the ledger of credits."""

import sqlalchemy as sa
from alembic import op

from mainspring.core.database import UtcDateTime

revision, down_revision = "001", None


def upgrade() -> None:
    """Create accounts, transfers and entries."""
    op.create_table(
        "credit_accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("is_house", sa.Boolean(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("is_house OR balance >= 0", name=op.f("ck_credit_accounts_balance")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_accounts")),
    )
    op.create_table(
        "credit_transfers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("sender_id", sa.Uuid(), nullable=False),
        sa.Column("receiver_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=True),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_credit_transfers_amount")),
        sa.CheckConstraint("sender_id <> receiver_id", name=op.f("ck_credit_transfers_parties")),
        sa.ForeignKeyConstraint(["sender_id"], ["credit_accounts.id"], name=op.f("fk_credit_transfers_sender_id")),
        sa.ForeignKeyConstraint(["receiver_id"], ["credit_accounts.id"], name=op.f("fk_credit_transfers_receiver_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_transfers")),
    )
    op.create_table(
        "credit_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("transfer_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("balance_after", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_credit_entries_amount")),
        sa.ForeignKeyConstraint(["transfer_id"], ["credit_transfers.id"], name=op.f("fk_credit_entries_transfer_id")),
        sa.ForeignKeyConstraint(["account_id"], ["credit_accounts.id"], name=op.f("fk_credit_entries_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_entries")),
        sa.UniqueConstraint("transfer_id", "account_id", name=op.f("uq_credit_entries_transfer_id_account_id")),
    )
    op.create_index("ix_credit_entries_account_id_id", "credit_entries", ["account_id", "id"])


def downgrade() -> None:
    """Drop the ledger."""
    op.drop_table("credit_entries")
    op.drop_table("credit_transfers")
    op.drop_table("credit_accounts")
