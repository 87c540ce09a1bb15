"""Create links with outside identities, and the sign-ins that are under way."""

import sqlalchemy as sa
from alembic import op

from mainspring.core.database import UtcDateTime

revision, down_revision = "001", None


def upgrade() -> None:
    """Create the tables and their indexes."""
    op.create_table(
        "social_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(30), nullable=False),
        sa.Column("issuer", sa.String(500), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("email", sa.String(255), nullable=True),
        sa.Column("tokens", sa.Text(), nullable=True),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_social_links"),
        sa.UniqueConstraint("issuer", "subject", name="uq_social_links_issuer_subject"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_social_links_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_social_links_user_id", "social_links", ["user_id"])
    op.create_table(
        "social_attempts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state_hash", sa.String(64), nullable=False),
        sa.Column("provider", sa.String(30), nullable=False),
        sa.Column("issuer", sa.String(500), nullable=False),
        sa.Column("browser_hash", sa.String(64), nullable=False),
        sa.Column("nonce_hash", sa.String(64), nullable=False),
        sa.Column("verifier", sa.String(500), nullable=False),
        sa.Column("transport", sa.String(10), nullable=False),
        sa.Column("next", sa.String(1000), nullable=False),
        sa.Column("challenge", sa.String(43), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_social_attempts"),
        sa.UniqueConstraint("state_hash", name="uq_social_attempts_state_hash"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_social_attempts_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_social_attempts_expires_at", "social_attempts", ["expires_at"])
    op.create_table(
        "social_handovers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("transport", sa.String(10), nullable=False),
        sa.Column("browser_hash", sa.String(64), nullable=False),
        sa.Column("challenge", sa.String(43), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_social_handovers"),
        sa.UniqueConstraint("code_hash", name="uq_social_handovers_code_hash"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_social_handovers_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_social_handovers_expires_at", "social_handovers", ["expires_at"])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("social_handovers", "social_attempts", "social_links"):
        op.drop_table(table)
