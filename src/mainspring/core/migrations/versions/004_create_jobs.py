"""Keep jobs, the processes that run them, and schedules."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from mainspring.core.database import Json, UtcDateTime

revision, down_revision = "004", "003"

INDEXES: dict[str, tuple[list[Any], str]] = {
    "ready": (["track", "queue", sa.text("priority DESC"), "run_at", "id"], "state = 'ready'"),
    "waiting": (["run_at"], "state = 'waiting'"),
    "blocked": (["name", "concurrency_key", sa.text("priority DESC"), "run_at"], "state = 'blocked' AND lane IS NULL"),
    "running": (["worker"], "state = 'running'"),
    "lane": (["lane", "lane_seq"], "lane IS NOT NULL AND finished_at IS NULL"),
    "moving": (["lane"], "lane IS NOT NULL AND finished_at IS NULL AND state <> 'blocked'"),
    "dedup": (["name", "dedup_key"], "dedup_key IS NOT NULL AND finished_at IS NULL"),
    "dead": (["name", "finished_at"], "state = 'dead'"),
    "owner": (["owner_id", "id"], "owner_id IS NOT NULL"),
    "expires": (["expires_at"], "expires_at IS NOT NULL"),
}


def upgrade() -> None:
    op.create_table(
        "core_jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("payload_version", sa.BigInteger(), nullable=False),
        sa.Column("payload", Json(), nullable=False),
        sa.Column("queue", sa.String(length=60), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("track", sa.String(length=10), nullable=False),
        sa.Column("run_at", UtcDateTime(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("crashes", sa.BigInteger(), nullable=False),
        sa.Column("max_attempts", sa.BigInteger(), nullable=False),
        sa.Column("timeout_ms", sa.BigInteger(), nullable=False),
        sa.Column("lane", sa.String(length=600), nullable=True),
        sa.Column("lane_seq", sa.BigInteger(), nullable=True),
        sa.Column("dedup_key", sa.String(length=255), nullable=True),
        sa.Column("concurrency_key", sa.String(length=255), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("request_id", sa.String(length=128), nullable=True),
        sa.Column("worker", sa.Uuid(), nullable=True),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("progress", Json(), nullable=True),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_core_jobs"),
    )
    for name, (columns, where) in INDEXES.items():
        op.create_index(
            f"ix_core_jobs_{name}",
            "core_jobs",
            columns,
            unique=name == "dedup",
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    op.create_table(
        "core_job_workers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("queues", Json(), nullable=False),
        sa.Column("concurrency", sa.BigInteger(), nullable=False),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_core_job_workers"),
    )
    op.create_table(
        "core_job_schedules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("spec", sa.String(length=255), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.Column("last_tick", UtcDateTime(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_core_job_schedules"),
        sa.UniqueConstraint("name", name="uq_core_job_schedules_name"),
    )
    op.create_table(
        "core_job_starts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_core_job_starts"),
    )
    op.create_index("ix_core_job_starts_name_started_at", "core_job_starts", ["name", "started_at"])
    op.create_table(
        "core_job_totals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("queue", sa.String(length=60), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("milliseconds", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_core_job_totals"),
        sa.UniqueConstraint("queue", "starts_at", name="uq_core_job_totals_queue_starts_at"),
    )


def downgrade() -> None:
    for name in ("core_job_totals", "core_job_starts", "core_job_schedules", "core_job_workers", "core_jobs"):
        op.drop_table(name)
