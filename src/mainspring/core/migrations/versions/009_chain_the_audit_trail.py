"""Chain the audit trail."""

import sqlalchemy as sa
from alembic import op

from mainspring.core.database import UtcDateTime

revision, down_revision = "009", "008"

UNCHAINED = sa.text("seq IS NULL")
OF_NOBODY = sa.text("tenant IS NULL AND seq IS NOT NULL")
OF_TENANTS = sa.text("tenant IS NOT NULL AND seq IS NOT NULL")


def upgrade() -> None:
    op.add_column("core_audit_log", sa.Column("seq", sa.BigInteger(), nullable=True))
    op.add_column("core_audit_log", sa.Column("hash", sa.LargeBinary(), nullable=True))
    op.create_index("ix_core_audit_log_unchained", "core_audit_log", ["id"], sqlite_where=UNCHAINED, postgresql_where=UNCHAINED)
    op.create_index(
        "ix_core_audit_log_seq",
        "core_audit_log",
        ["seq"],
        unique=True,
        sqlite_where=OF_NOBODY,
        postgresql_where=OF_NOBODY,
    )
    op.create_index(
        "ix_core_audit_log_tenant_seq",
        "core_audit_log",
        ["tenant", "seq"],
        unique=True,
        sqlite_where=OF_TENANTS,
        postgresql_where=OF_TENANTS,
    )
    op.create_table(
        "core_audit_chains",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("signed_seq", sa.BigInteger(), nullable=False),
        sa.Column("signed_at", UtcDateTime(), nullable=True),
        sa.Column("signed_by", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_core_audit_chains"),
    )
    op.create_table(
        "core_audit_checkpoints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("chain", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("signed", sa.String(4096), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_core_audit_checkpoints"),
    )
    op.create_index("ix_core_audit_checkpoints_chain_kind_seq", "core_audit_checkpoints", ["chain", "kind", "seq"])


def downgrade() -> None:
    op.drop_table("core_audit_checkpoints")
    op.drop_table("core_audit_chains")
    op.drop_index("ix_core_audit_log_tenant_seq", "core_audit_log")
    op.drop_index("ix_core_audit_log_seq", "core_audit_log")
    op.drop_index("ix_core_audit_log_unchained", "core_audit_log")
    op.drop_column("core_audit_log", "hash")
    op.drop_column("core_audit_log", "seq")
