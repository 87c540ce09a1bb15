"""Keep idempotency keys."""

import sqlalchemy as sa
from alembic import op

from mainspring.core.database import Json, UtcDateTime

revision, down_revision = "003", "002"


def upgrade() -> None:
    op.create_table(
        "core_idempotency_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("caller", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("route", sa.String(length=255), nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("headers", Json(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_idempotency_keys")),
        sa.UniqueConstraint("caller", "key", name=op.f("uq_core_idempotency_keys_caller_key")),
    )
    with op.batch_alter_table("core_idempotency_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_core_idempotency_keys_expires_at"), ["expires_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("core_idempotency_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_core_idempotency_keys_expires_at"))

    op.drop_table("core_idempotency_keys")
