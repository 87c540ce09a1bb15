"""Create the users."""

import sqlalchemy as sa
from alembic import op

from mainspring.core.database import UtcDateTime

revision = "001"
down_revision = None

LIVING = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    """Create the table and its indexes."""
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("first_name", sa.String(100), nullable=True),
        sa.Column("last_name", sa.String(100), nullable=True),
        sa.Column("age", sa.BigInteger(), nullable=True),
        sa.Column("bio", sa.Text(), nullable=True),
        sa.Column("website", sa.String(2048), nullable=True),
        sa.Column("avatar_url", sa.String(2048), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("email_verified", sa.Boolean(), nullable=False),
        sa.Column("mfa_enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.CheckConstraint("age BETWEEN 13 AND 120", name=op.f("ck_users_age")),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_users_name")),
    )
    op.create_index("uq_users_email", "users", ["email"], unique=True, sqlite_where=LIVING, postgresql_where=LIVING)
    op.create_index("ix_users_created_at_id", "users", ["created_at", "id"], sqlite_where=LIVING, postgresql_where=LIVING)
    op.create_index("ix_users_name_id", "users", ["name", "id"], sqlite_where=LIVING, postgresql_where=LIVING)


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("users")
