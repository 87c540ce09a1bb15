"""Keep names that one process at a time holds."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "008", "007"


def upgrade() -> None:
    op.create_table(
        "core_leases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("holder", sa.Uuid(), nullable=False),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_core_leases"),
        sa.UniqueConstraint("name", name="uq_core_leases_name"),
    )


def downgrade() -> None:
    op.drop_table("core_leases")
