"""Keep workflows, what their steps answered, and the signals sent to them."""

import sqlalchemy as sa
from alembic import op

from mainspring.core.database import Json, UtcDateTime

revision, down_revision = "006", "004"


def upgrade() -> None:
    op.create_table(
        "core_workflows",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=True),
        sa.Column("input", Json(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("request_id", sa.String(length=128), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("step", sa.String(length=100), nullable=True),
        sa.Column("waiting_for", sa.String(length=100), nullable=True),
        sa.Column("wake_at", UtcDateTime(), nullable=True),
        sa.Column("resume_at", UtcDateTime(), nullable=True),
        sa.Column("deadline_at", UtcDateTime(), nullable=True),
        sa.Column("cancel_asked", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.Column("output", Json(), nullable=True),
        sa.Column("error", Json(), nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_workflows")),
        sa.UniqueConstraint("name", "key", name=op.f("uq_core_workflows_name_key")),
    )
    with op.batch_alter_table("core_workflows", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_core_workflows_state_finished_at"), ["state", "finished_at"], unique=False)

    op.create_table(
        "core_workflow_steps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workflow_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("output", Json(), nullable=True),
        sa.Column("error", Json(), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workflow_id"], ["core_workflows.id"], name=op.f("fk_core_workflow_steps_workflow_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_workflow_steps")),
        sa.UniqueConstraint("workflow_id", "seq", name=op.f("uq_core_workflow_steps_workflow_id_seq")),
    )

    op.create_table(
        "core_workflow_signals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workflow_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("payload", Json(), nullable=False),
        sa.Column("taken_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workflow_id"], ["core_workflows.id"], name=op.f("fk_core_workflow_signals_workflow_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_workflow_signals")),
    )
    with op.batch_alter_table("core_workflow_signals", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_core_workflow_signals_workflow_id_name_id"), ["workflow_id", "name", "id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("core_workflow_signals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_core_workflow_signals_workflow_id_name_id"))

    op.drop_table("core_workflow_signals")
    op.drop_table("core_workflow_steps")
    with op.batch_alter_table("core_workflows", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_core_workflows_state_finished_at"))

    op.drop_table("core_workflows")
