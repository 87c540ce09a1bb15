"""Create the table of things that are used once."""

import sqlalchemy as sa
from alembic import op

from mainspring.core.database import UtcDateTime

revision = "001"
down_revision = None


def upgrade() -> None:
    """Create the table and its indexes."""
    op.create_table(
        "core_claims",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(60), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("claimed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_core_claims"),
        sa.UniqueConstraint("purpose", "token_hash", name="uq_core_claims_purpose_token_hash"),
    )
    op.create_index("ix_core_claims_purpose_subject", "core_claims", ["purpose", "subject"])
    op.create_index("ix_core_claims_expires_at", "core_claims", ["expires_at"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("core_claims")
