"""Jobs as rows in the caller's transaction."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from .. import clock, ids
from ..observability.tracing import TRACING, Attributes
from .bell import JobBell
from .book import Definition, JobBook
from .declaring import Options
from .models import ALONE, LIMITED, OPEN, READY, WAITING
from .statements import ADD, ADD_ONCE, ADD_TO_LANE

if TYPE_CHECKING:
    from ..database.unit_of_work import UnitOfWork


def enqueue(
    uow: "UnitOfWork",
    order: Any,
    *,
    delay: timedelta | None = None,
    run_at: datetime | None = None,
    priority: int | None = None,
    dedup_key: str | None = None,
    owner_id: UUID | None = None,
) -> UUID:
    """What `uow.enqueue` does."""
    definition = uow.port(JobBook).for_order(order)
    return add_job(uow, definition, order, delay=delay, run_at=run_at, priority=priority, dedup_key=dedup_key, owner_id=owner_id)


def add_job(
    uow: "UnitOfWork",
    definition: Definition,
    order: Any = None,
    *,
    delay: timedelta | None = None,
    run_at: datetime | None = None,
    priority: int | None = None,
    dedup_key: str | None = None,
    owner_id: UUID | None = None,
    lane: str | None = None,
    lane_seq: int | None = None,
    tick: datetime | None = None,
) -> UUID:
    """Add a row for a job of the book; for the other mechanisms of core, which know the definition.

    `tick` is the moment that a schedule means. Rows of one `lane` run one after another in the order of `lane_seq`. Whoever
    adds to a lane must hold a lock on it until the commit, so that the numbers become visible in their order.
    """
    row = row_of(uow, definition, order, priority=priority, dedup_key=dedup_key, owner_id=owner_id)
    if tick is not None:
        row["payload"] = {"tick": tick.isoformat()}
        run_at = tick
    now = clock.now()
    if delay is not None:
        run_at = now + delay
    row["run_at"] = due = now if run_at is None else run_at
    row["state"] = READY if due <= now else WAITING
    row["lane"], row["lane_seq"] = lane, lane_seq
    uow.before_commit(ADD_TO_LANE if lane is not None else ADD if dedup_key is None else ADD_ONCE, **row)
    later = None if due <= now else due
    uow.port(JobBell).ring_after_commit(uow, definition, run_at=later, lane=lane, job=row["id"], priority=row["priority"])
    identifier: UUID = row["id"]
    return identifier


def row_of(
    uow: "UnitOfWork",
    definition: Definition,
    order: Any,
    *,
    priority: int | None = None,
    dedup_key: str | None = None,
    owner_id: UUID | None = None,
) -> dict[str, Any]:
    """The columns that do not depend on when and by whom the row is run."""
    options, context, id = definition.options, uow.context, ids.new()
    traceparent = None
    if TRACING.tracer is not None:
        with TRACING.child(f"send {options.queue}", "producer", told_of(definition, id)) as span:
            traceparent = span.traceparent or TRACING.traceparent()  # the second of a trace that is not recorded
    return {
        "id": id,
        "name": definition.name,
        "payload_version": definition.version,
        "payload": definition.coder.encode(order) if definition.coder else {},
        "queue": options.queue,
        "priority": options.priority if priority is None else priority,
        "track": track_of(options),
        "max_attempts": options.attempts,
        "timeout_ms": round(options.timeout.total_seconds() * 1000),
        "dedup_key": dedup_key,
        "concurrency_key": options.of_key(order),
        "owner_id": owner_id,  # never whoever asks: owners may cancel, and nobody may cancel the mail that warns of him
        "request_id": context.request_id or None,
        "traceparent": traceparent,
    }


def told_of(definition: Definition, id: UUID) -> Attributes:
    """What spans say of a job, by the semantic conventions for messaging."""
    return {
        "messaging.system": "mainspring",
        "messaging.destination.name": definition.options.queue,
        "messaging.message.id": str(id),
        "mainspring.job.name": definition.name,
    }


def track_of(options: Options) -> str:
    """How a ready row of such a job is claimed."""
    return LIMITED if options.is_limited else ALONE if options.isolated else OPEN
