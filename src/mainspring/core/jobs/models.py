"""The tables of jobs. Every index is partial: a row costs only what its state needs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ..database.model import Model

WAITING, BLOCKED, READY, RUNNING = "waiting", "blocked", "ready", "running"
DONE, DEAD, CANCELLED = "done", "dead", "cancelled"
UNFINISHED = (WAITING, BLOCKED, READY, RUNNING)
FINISHED = (DONE, DEAD, CANCELLED)
OPEN, LIMITED, ALONE = "open", "limited", "alone"


class Job(Model):
    """One piece of work, and afterwards its history.

    `state` is `waiting` (for `run_at`), `blocked` (behind others of its lane or key), `ready`, `running`, `done`, `dead` or
    `cancelled`. `track` says how a ready row is claimed: `open`, `limited` (under a lock, limits are counted) or `alone` (in a
    process of its own, because it is isolated or took a process along before). `token` grows with every claim: whoever writes
    with an older one writes nothing.
    """

    __tablename__ = "core_jobs"

    name: Mapped[str] = mapped_column(String(120))
    payload_version: Mapped[int]
    payload: Mapped[dict[str, Any]]
    queue: Mapped[str] = mapped_column(String(60))
    priority: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    track: Mapped[str] = mapped_column(String(10))
    run_at: Mapped[datetime]
    failures: Mapped[int]
    crashes: Mapped[int]
    max_attempts: Mapped[int]
    timeout_ms: Mapped[int]
    lane: Mapped[str | None] = mapped_column(String(600))
    lane_seq: Mapped[int | None]
    dedup_key: Mapped[str | None] = mapped_column(String(255))
    concurrency_key: Mapped[str | None] = mapped_column(String(255))
    owner_id: Mapped[UUID | None]
    request_id: Mapped[str | None] = mapped_column(String(128))
    traceparent: Mapped[str | None] = mapped_column(String(55))
    worker: Mapped[UUID | None]
    token: Mapped[int]
    cancel_requested: Mapped[bool]
    progress: Mapped[dict[str, Any] | None]
    error: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]


def _partial(name: str, *columns: Any, where: str, unique: bool = False) -> Index:
    return Index(f"ix_core_jobs_{name}", *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


_READY = _partial("ready", Job.track, Job.queue, Job.priority.desc(), Job.run_at, Job.id, where="state = 'ready'")
_WAITING = _partial("waiting", Job.run_at, where="state = 'waiting'")
_BLOCKED = _partial(
    "blocked", Job.name, Job.concurrency_key, Job.priority.desc(), Job.run_at, where="state = 'blocked' AND lane IS NULL"
)
_RUNNING = _partial("running", Job.worker, where="state = 'running'")
_LANE = _partial("lane", Job.lane, Job.lane_seq, where="lane IS NOT NULL AND finished_at IS NULL")
_MOVING = _partial("moving", Job.lane, where="lane IS NOT NULL AND finished_at IS NULL AND state <> 'blocked'")
_DEDUP = _partial("dedup", Job.name, Job.dedup_key, where="dedup_key IS NOT NULL AND finished_at IS NULL", unique=True)
_DEAD = _partial("dead", Job.name, Job.finished_at, where="state = 'dead'")
_OWNER = _partial("owner", Job.owner_id, Job.id, where="owner_id IS NOT NULL")
_EXPIRES = _partial("expires", Job.expires_at, where="expires_at IS NOT NULL")


class Worker(Model):
    """A process that runs jobs. As long as `beat` grows it is alive; its jobs are given back when the row goes."""

    __tablename__ = "core_job_workers"

    host: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int]
    queues: Mapped[list[Any]]
    concurrency: Mapped[int]
    beat: Mapped[int]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class Schedule(Model):
    """When a job is due next. `spec` is what the code says; a tick is enqueued by whoever moves `next_at` first."""

    __tablename__ = "core_job_schedules"
    __table_args__ = (UniqueConstraint("name"),)

    name: Mapped[str] = mapped_column(String(120))
    spec: Mapped[str] = mapped_column(String(255))
    next_at: Mapped[datetime]
    last_tick: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class Start(Model):
    """A start of a job with a rate limit, kept for the length of its window."""

    __tablename__ = "core_job_starts"
    __table_args__ = (Index(None, "name", "started_at"),)

    name: Mapped[str] = mapped_column(String(120))
    started_at: Mapped[datetime]


class Total(Model):
    """What ran in one queue in five minutes."""

    __tablename__ = "core_job_totals"
    __table_args__ = (UniqueConstraint("queue", "starts_at"),)

    queue: Mapped[str] = mapped_column(String(60))
    starts_at: Mapped[datetime]
    attempts: Mapped[int]
    failed: Mapped[int]
    milliseconds: Mapped[int]
