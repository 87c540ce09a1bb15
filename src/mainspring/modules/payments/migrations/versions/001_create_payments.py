"""Create payments and the events that gateways told."""

import sqlalchemy as sa
from alembic import op

from mainspring.core.database import UtcDateTime

revision, down_revision = "001", None

INDEXES = {
    "ix_payments_reference_created_at": ["reference", "created_at"],
    "ix_payments_owner_id_created_at_id": ["owner_id", "created_at", "id"],
    "ix_payments_created_at_id": ["created_at", "id"],
    "ix_payments_state_created_at_id": ["state", "created_at", "id"],
}


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "payments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("charge_id", sa.String(200), nullable=True),
        sa.Column("method", sa.String(255), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(200), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("refunded_amount", sa.BigInteger(), nullable=False),
        sa.Column("is_unwanted", sa.Boolean(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payments_amount")),
        sa.CheckConstraint("refunded_amount >= 0 AND refunded_amount <= amount", name=op.f("ck_payments_refunded")),
        sa.CheckConstraint(
            "refunded_amount = 0 OR state IN ('partly_refunded', 'refunded')", name=op.f("ck_payments_refunded_state")
        ),
        sa.CheckConstraint("(state = 'failed') = (reason IS NOT NULL)", name=op.f("ck_payments_reason")),
        sa.CheckConstraint("(state = 'pending') = (settled_at IS NULL)", name=op.f("ck_payments_settled")),
        sa.UniqueConstraint("key", name=op.f("uq_payments_key")),
        sa.UniqueConstraint("gateway", "charge_id", name=op.f("uq_payments_gateway_charge_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
    )
    for name, columns in INDEXES.items():
        op.create_index(name, "payments", columns)
    op.create_table(
        "payment_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("event_id", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(100), nullable=False),
        sa.Column("charge_id", sa.String(200), nullable=True),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("effect", sa.String(40), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_payment_events_payment_id"), ondelete="CASCADE"),
        sa.UniqueConstraint("gateway", "event_id", name=op.f("uq_payment_events_gateway_event_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_events")),
    )
    op.create_index("ix_payment_events_payment_id", "payment_events", ["payment_id"])
    op.create_index("ix_payment_events_received_at", "payment_events", ["received_at"])


def downgrade() -> None:
    """Drop both tables."""
    op.drop_table("payment_events")
    op.drop_table("payments")
