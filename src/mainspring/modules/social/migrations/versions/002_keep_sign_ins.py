"""Keep which sessions began with which sign-in at a provider, so that signing out there ends them."""

import sqlalchemy as sa
from alembic import op

from mainspring.core.database import UtcDateTime

revision, down_revision = "002", "001"


def upgrade() -> None:
    """Create the table and its indexes."""
    op.create_table(
        "social_sign_ins",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(500), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("provider_session", sa.String(255), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_social_sign_ins"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_social_sign_ins_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_social_sign_ins_user_id", "social_sign_ins", ["user_id"])
    op.create_index("ix_social_sign_ins_subject", "social_sign_ins", ["issuer", "subject"])
    op.create_index("ix_social_sign_ins_provider_session", "social_sign_ins", ["issuer", "provider_session"])
    op.create_index("ix_social_sign_ins_expires_at", "social_sign_ins", ["expires_at"])
    with op.batch_alter_table("social_handovers") as handovers:
        handovers.add_column(sa.Column("origin_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    """Drop it; sessions go on."""
    with op.batch_alter_table("social_handovers") as handovers:
        handovers.drop_column("origin_id")
    op.drop_table("social_sign_ins")
