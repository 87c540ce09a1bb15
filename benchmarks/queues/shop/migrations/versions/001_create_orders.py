"""Create the business table."""

import sqlalchemy as sa
from alembic import op

from mainspring.core.database import UtcDateTime

revision, down_revision = "001", None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "bench_orders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bench_orders"),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("bench_orders")
