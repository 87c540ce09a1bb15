"""Create API keys and the tallies of their budgets."""

import sqlalchemy as sa
from alembic import op

from mainspring.core.database import Json, UtcDateTime

revision, down_revision = "001", None


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("scopes", Json(), nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("per_minute", sa.BigInteger(), nullable=True),
        sa.Column("lifetime_seconds", sa.BigInteger(), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=True),
        sa.Column("previous_until", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("rotated_at", UtcDateTime(), nullable=True),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("revoked_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("per_minute > 0", name=op.f("ck_api_keys_per_minute")),
        sa.CheckConstraint("lifetime_seconds > 0", name=op.f("ck_api_keys_lifetime")),
        sa.CheckConstraint("(previous_hash IS NULL) = (previous_until IS NULL)", name=op.f("ck_api_keys_previous")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_api_keys_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
    )
    op.create_index("ix_api_keys_user_id", "api_keys", ["user_id"])
    op.create_table(
        "api_key_tallies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tally", Json(), nullable=True),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["api_keys.id"], name=op.f("fk_api_key_tallies_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key_tallies")),
    )


def downgrade() -> None:
    """Drop both tables."""
    op.drop_table("api_key_tallies")
    op.drop_table("api_keys")
