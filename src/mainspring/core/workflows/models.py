"""The tables of workflows: the instance, its finished steps, and the signals that were sent to it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from ..database.model import Model, Timestamps
from ..database.types import Json


class Workflow(Timestamps, Model):
    """One instance. `epoch` is the fencing token: whoever takes the instance over counts it up, and every write names it.

    `state` is running, waiting, undoing, done, undone or stuck. `step` is where it is. While nobody carries it, `resume_at`
    says when somebody shall; `wake_at` is the end of a sleep or of the wait for the signal `waiting_for`. `error` is what is
    being undone, `trouble` what went wrong last. `job_id` is the job that carries it, or would if its process died.
    """

    __tablename__ = "core_workflows"
    __table_args__ = (UniqueConstraint("name", "key"), Index(None, "state", "finished_at"))

    name: Mapped[str] = mapped_column(String(200))
    key: Mapped[str | None] = mapped_column(String(255))
    fingerprint: Mapped[str | None] = mapped_column(String(64))
    input: Mapped[Any] = mapped_column(Json())
    owner_id: Mapped[UUID | None]
    request_id: Mapped[str | None] = mapped_column(String(128))
    state: Mapped[str] = mapped_column(String(10))
    step: Mapped[str | None] = mapped_column(String(100))
    waiting_for: Mapped[str | None] = mapped_column(String(100))
    wake_at: Mapped[datetime | None]
    resume_at: Mapped[datetime | None]
    deadline_at: Mapped[datetime | None]
    cancel_asked: Mapped[bool]
    attempts: Mapped[int]
    trouble: Mapped[str | None] = mapped_column(Text())
    output: Mapped[Any | None] = mapped_column(Json())
    error: Mapped[Any | None] = mapped_column(Json())
    epoch: Mapped[int]
    job_id: Mapped[UUID | None]
    finished_at: Mapped[datetime | None]


class WorkflowStep(Model):
    """What a finished step answered. `seq` is its place in the run; a replay compares `kind` and `name` with the code.

    `state` is done, failed (an expected error, kept in `error`), unknown (a call that nobody knows the outcome of) or undone.
    """

    __tablename__ = "core_workflow_steps"
    __table_args__ = (UniqueConstraint("workflow_id", "seq"),)

    workflow_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("core_workflows.id", ondelete="CASCADE"))
    seq: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(10))
    output: Mapped[Any | None] = mapped_column(Json())
    error: Mapped[Any | None] = mapped_column(Json())
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]


class WorkflowSignal(Model):
    """A message from outside, kept until a step takes it; `taken_by` is the `seq` of that step."""

    __tablename__ = "core_workflow_signals"
    __table_args__ = (Index(None, "workflow_id", "name", "id"),)

    workflow_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("core_workflows.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    payload: Mapped[Any] = mapped_column(Json())
    taken_by: Mapped[int | None]
    created_at: Mapped[datetime]
