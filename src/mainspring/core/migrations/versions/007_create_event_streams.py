"""Keep events about the same thing in order."""

import sqlalchemy as sa
from alembic import op

from mainspring.core.database import UtcDateTime

revision, down_revision = "007", "006"


def upgrade() -> None:
    op.create_table(
        "core_event_streams",
        sa.Column("key", sa.String(130), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_core_event_streams"),
    )
    op.create_index("ix_core_event_streams_updated_at", "core_event_streams", ["updated_at"])


def downgrade() -> None:
    op.drop_table("core_event_streams")
