"""Make the audit trail."""

import sqlalchemy as sa
from alembic import op

from mainspring.core.database import Json, UtcDateTime

revision, down_revision = "002", "001"


def upgrade() -> None:
    op.create_table(
        "core_audit_log",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(100), nullable=False),
        sa.Column("resource", sa.String(100), nullable=False),
        sa.Column("resource_id", sa.String(100), nullable=True),
        sa.Column("changes", Json(), nullable=True),
        sa.Column("ip_address", sa.String(45), nullable=True),
        sa.Column("user_agent", sa.String(512), nullable=True),
        sa.Column("request_id", sa.String(128), nullable=True),
        sa.Column("tenant", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_core_audit_log"),
    )
    op.create_index("ix_core_audit_log_created_at_id", "core_audit_log", ["created_at", "id"])
    op.create_index("ix_core_audit_log_resource", "core_audit_log", ["resource", "resource_id", "created_at"])
    op.create_index("ix_core_audit_log_user_id", "core_audit_log", ["user_id", "created_at"])


def downgrade() -> None:
    op.drop_table("core_audit_log")
