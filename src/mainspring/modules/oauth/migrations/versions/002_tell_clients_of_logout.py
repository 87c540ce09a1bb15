"""Note where clients hear that somebody signed out, and which session of our pages let them in."""

import sqlalchemy as sa
from alembic import op

from mainspring.core.database import UtcDateTime

revision, down_revision = "002", "001"

REQUIRED = "backchannel_logout_session_required"


def upgrade() -> None:
    """Add the columns and an index."""
    with op.batch_alter_table("oauth_clients") as clients:
        clients.add_column(sa.Column("backchannel_logout_uri", sa.String(500), nullable=True))
        clients.add_column(sa.Column(REQUIRED, sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("oauth_clients") as clients:
        clients.alter_column(REQUIRED, existing_type=sa.Boolean(), server_default=None, existing_nullable=False)
    with op.batch_alter_table("oauth_grants") as grants:
        grants.add_column(sa.Column("page_session_id", sa.Uuid(), nullable=True))
        grants.add_column(sa.Column("signed_out_at", UtcDateTime(), nullable=True))
    op.create_index("ix_oauth_grants_page_session_id", "oauth_grants", ["page_session_id"])


def downgrade() -> None:
    """Drop them; clients are told of nothing."""
    op.drop_index("ix_oauth_grants_page_session_id", "oauth_grants")
    with op.batch_alter_table("oauth_grants") as grants:
        grants.drop_column("signed_out_at")
        grants.drop_column("page_session_id")
    with op.batch_alter_table("oauth_clients") as clients:
        clients.drop_column(REQUIRED)
        clients.drop_column("backchannel_logout_uri")
