"""Let jobs continue the trace of whoever enqueued them."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "011", "010"


def upgrade() -> None:
    op.add_column("core_jobs", sa.Column("traceparent", sa.String(55), nullable=True))


def downgrade() -> None:
    op.drop_column("core_jobs", "traceparent")
