"""Note who acts as the user of a session, and from which session of his own."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "004", "003"

ACTED = sa.text("impersonator_id IS NOT NULL")


def upgrade() -> None:
    """Add the columns and their index."""
    with op.batch_alter_table("sessions") as sessions:
        sessions.add_column(sa.Column("impersonator_id", sa.Uuid(), nullable=True))
        sessions.add_column(sa.Column("impersonator_session_id", sa.Uuid(), nullable=True))
    op.create_index("ix_sessions_impersonator_id", "sessions", ["impersonator_id"], sqlite_where=ACTED, postgresql_where=ACTED)


def downgrade() -> None:
    """Drop them; whoever acts as another is out."""
    op.execute("DELETE FROM sessions WHERE impersonator_id IS NOT NULL")
    op.drop_index("ix_sessions_impersonator_id", "sessions")
    with op.batch_alter_table("sessions") as sessions:
        sessions.drop_column("impersonator_session_id")
        sessions.drop_column("impersonator_id")
