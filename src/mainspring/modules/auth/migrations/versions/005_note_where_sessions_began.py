"""Note the sign-in elsewhere that a session began with, so that signing out there ends it."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "005", "004"

ELSEWHERE = sa.text("origin_id IS NOT NULL")


def upgrade() -> None:
    """Add the columns and an index."""
    for table in ("sessions", "mfa_challenges"):
        with op.batch_alter_table(table) as altered:
            altered.add_column(sa.Column("origin_id", sa.Uuid(), nullable=True))
    op.create_index("ix_sessions_origin_id", "sessions", ["origin_id"], sqlite_where=ELSEWHERE, postgresql_where=ELSEWHERE)


def downgrade() -> None:
    """Drop them; the sessions go on."""
    op.drop_index("ix_sessions_origin_id", "sessions")
    for table in ("mfa_challenges", "sessions"):
        with op.batch_alter_table(table) as altered:
            altered.drop_column("origin_id")
