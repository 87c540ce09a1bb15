"""One workflow as it is stored: the instance and what its steps answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

ENDED = ("done", "undone")
CARRIED = ("running", "waiting", "undoing")  # goes on by itself; `stuck` needs a person


@dataclass(slots=True)
class Instance:
    """The row of a workflow; see the table for what the columns mean."""

    id: UUID
    name: str
    key: str | None
    fingerprint: str | None
    input: Any  # Any here and below: JSON of the type that the workflow declares
    owner_id: UUID | None
    request_id: str | None
    state: str
    step: str | None
    waiting_for: str | None
    wake_at: datetime | None
    resume_at: datetime | None
    deadline_at: datetime | None
    cancel_asked: bool
    attempts: int
    trouble: str | None
    output: Any
    error: Any
    epoch: int
    job_id: UUID | None
    created_at: datetime
    finished_at: datetime | None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ENDED


@dataclass(slots=True)
class Memo:
    """What one step answered."""

    seq: int
    kind: str
    name: str
    state: str
    output: Any
    error: Any
    started_at: datetime
    finished_at: datetime
    undone_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """A message that waits to be taken."""

    id: UUID
    payload: Any


@dataclass(frozen=True, slots=True)
class Count:
    """How many workflows of a name are in a state."""

    name: str
    state: str
    count: int
