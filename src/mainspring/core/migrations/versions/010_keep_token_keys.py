"""Keep the keys that sign tokens."""

import sqlalchemy as sa
from alembic import op

from mainspring.core.database import UtcDateTime

revision, down_revision = "010", "009"


def upgrade() -> None:
    op.create_table(
        "core_token_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.String(64), nullable=False),
        sa.Column("algorithm", sa.String(10), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("signs_from", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("leaked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_core_token_keys"),
        sa.UniqueConstraint("generation", name="uq_core_token_keys_generation"),
    )


def downgrade() -> None:
    op.drop_table("core_token_keys")
