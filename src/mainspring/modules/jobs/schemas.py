"""What is asked about jobs, and how they look."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field

from mainspring.core.http import ListQuery, Out
from mainspring.core.jobs.listing import WholeJob

Text = Annotated[str, Field(min_length=1, max_length=120)]
State = Literal["waiting", "blocked", "ready", "running", "done", "dead", "cancelled"]


class JobQuery(ListQuery):
    """Which jobs, newest first."""

    sort: Literal["createdAt", "-createdAt"] | None = None
    state: State | None = None
    queue: Text | None = None
    name: Text | None = None


class ProgressOut(Out):
    """How far a running job says it is."""

    done: int
    total: int
    text: str


class JobOut(Out):
    """One job. It is dead after `maxAttempts` failures; `error` is what the last one said."""

    id: UUID
    name: str
    queue: str
    state: State
    progress: ProgressOut | None
    failures: int
    max_attempts: int
    crashes: int
    cancel_requested: bool
    error: str | None
    created_at: datetime
    run_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class WholeJobOut(JobOut):
    """One job, with `payload` (its order) and `ownerId` for those who may see every job; null for others."""

    owner_id: UUID | None = None
    payload: dict[str, Any] | None = None  # Any: each kind of order has its own shape

    @classmethod
    def seen_by(cls, row: WholeJob, *, wholly: bool) -> Self:
        """The answer for a row; `wholly` with what only some may see."""
        found = cls.of(row)
        return found if wholly else found.model_copy(update={"owner_id": None, "payload": None})
