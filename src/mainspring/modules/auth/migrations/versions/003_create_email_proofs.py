"""Create proofs by mail, wished changes of addresses, tries at passwords and wished deletions; keep the places of sessions."""

import sqlalchemy as sa
from alembic import op

from mainspring.core.database import UtcDateTime

revision = "003"
down_revision = "002"


def upgrade() -> None:
    """Create the tables and their indexes."""
    op.create_table(
        "email_proofs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(30), nullable=False),
        sa.Column("address", sa.String(255), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_email_proofs"),
        sa.UniqueConstraint("token_hash", name="uq_email_proofs_token_hash"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_email_proofs_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_email_proofs_user_id", "email_proofs", ["user_id", "created_at"])
    op.create_index("ix_email_proofs_expires_at", "email_proofs", ["expires_at"])
    op.create_table(
        "email_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("old_email", sa.String(255), nullable=False),
        sa.Column("new_email", sa.String(255), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("old_confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("new_confirmed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_email_changes"),
        sa.UniqueConstraint("user_id", name="uq_email_changes_user_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_email_changes_user_id", ondelete="CASCADE"),
    )
    op.create_table(
        "account_deletions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_account_deletions"),
        sa.UniqueConstraint("user_id", name="uq_account_deletions_user_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_account_deletions_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_account_deletions_due_at", "account_deletions", ["due_at"])
    op.create_table(
        "data_exports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_data_exports"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_data_exports_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_data_exports_user_id", "data_exports", ["user_id", "created_at"])
    op.create_index("ix_data_exports_expires_at", "data_exports", ["expires_at"])
    op.create_table(
        "password_guesses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_password_guesses"),
    )
    op.create_index("ix_password_guesses_account", "password_guesses", ["account", "created_at"])
    op.create_index("ix_password_guesses_created_at", "password_guesses", ["created_at"])
    with op.batch_alter_table("credentials") as table:
        table.add_column(sa.Column("devices_since", UtcDateTime(), nullable=True))
    with op.batch_alter_table("sessions") as table:
        table.add_column(sa.Column("place", sa.String(200), nullable=True))


def downgrade() -> None:
    """Drop the tables and the columns."""
    for table in ("data_exports", "account_deletions", "password_guesses", "email_changes", "email_proofs"):
        op.drop_table(table)
    with op.batch_alter_table("credentials") as credentials:
        credentials.drop_column("devices_since")
    with op.batch_alter_table("sessions") as sessions:
        sessions.drop_column("place")
