"""Jobs as people look at them: what is there, in which state, and one of them whole."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select

from ..database.listing import Listing
from ..database.statement import Statement, bind
from .models import Job

if TYPE_CHECKING:
    from ..database.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job without its order. `failures` and `crashes` count the attempts that did not end well."""

    id: UUID
    name: str
    queue: str
    state: str
    priority: int
    failures: int
    crashes: int
    max_attempts: int
    progress: dict[str, Any] | None  # {done, total, text}
    cancel_requested: bool
    error: str | None
    owner_id: UUID | None
    created_at: datetime
    run_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class WholeJob(JobRow):
    """A job with its order, for those who may see every one."""

    payload: dict[str, Any]  # the order as JSON
    payload_version: int
    lane: str | None
    dedup_key: str | None
    concurrency_key: str | None
    request_id: str | None


COLUMNS = tuple(getattr(Job, name) for name in JobRow.__dataclass_fields__)

# An id is a UUIDv7, so its order is the order of enqueueing, and the primary key answers it.
JOBS = Listing(
    select(*COLUMNS),
    JobRow,
    filters={
        "state": Job.state == bind("state", Job.state),
        "queue": Job.queue == bind("queue", Job.queue),
        "name": Job.name == bind("name", Job.name),
        "owner_id": Job.owner_id == bind("owner_id", Job.owner_id),
    },
    sorts={"createdAt": Job.id},
    default="-createdAt",
    key=Job.id,
)
BY_ID = Statement(
    select(*(getattr(Job, name) for name in WholeJob.__dataclass_fields__)).where(Job.id == bind("id", Job.id)), WholeJob
)


async def job_by_id(uow: "UnitOfWork", id: UUID) -> WholeJob | None:
    """One job with its order; None when it is not there or its history has ended."""
    return await uow.one(BY_ID, id=id)
