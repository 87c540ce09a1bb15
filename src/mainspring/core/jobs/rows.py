"""What the statements of jobs answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A row that this process may run: as long as the row has this token."""

    id: UUID
    name: str
    payload_version: int
    payload: dict[str, Any]
    queue: str
    priority: int
    track: str
    run_at: datetime
    failures: int
    crashes: int
    max_attempts: int
    timeout_ms: int
    lane: str | None
    lane_seq: int | None
    concurrency_key: str | None
    owner_id: UUID | None
    request_id: str | None
    traceparent: str | None
    token: int


@dataclass(frozen=True, slots=True)
class Peek:
    """What a look at the table shows: whether rows of each track are ready, and when the next waiting one is due."""

    open: bool
    limited: bool
    alone: bool
    due: datetime | None
