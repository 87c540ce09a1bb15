"""Tell service accounts from people (R-099)."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "002", "001"


def upgrade() -> None:
    """Add the kind; whoever is there is a person."""
    with op.batch_alter_table("users") as table:
        table.add_column(sa.Column("kind", sa.String(10), nullable=False, server_default="person"))
        table.create_check_constraint(op.f("ck_users_kind"), "kind IN ('person', 'service')")
    with op.batch_alter_table("users") as table:
        table.alter_column("kind", existing_type=sa.String(10), server_default=None, existing_nullable=False)


def downgrade() -> None:
    """Forget the kind."""
    with op.batch_alter_table("users") as table:
        table.drop_constraint(op.f("ck_users_kind"), type_="check")
        table.drop_column("kind")
