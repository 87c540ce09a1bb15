"""Create awards."""

import sqlalchemy as sa
from alembic import op

from mainspring.core.database import UtcDateTime

revision, down_revision = "001", None


def upgrade() -> None:
    """Create the table and its index."""
    op.create_table(
        "loyalty_awards",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("points > 0", name=op.f("ck_loyalty_awards_points_above_zero")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_loyalty_awards_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loyalty_awards")),
    )
    op.create_index("ix_loyalty_awards_user_id", "loyalty_awards", ["user_id"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("loyalty_awards")
