"""Published events become one row for each subscriber, written with the commit of the unit that published them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import BigInteger, select
from sqlalchemy.dialects.postgresql import Insert

from .. import clock, ids
from ..database.session import Deferred
from ..database.statement import Statement, bind, insert_into
from ..jobs.bell import JobBell
from ..jobs.enqueueing import row_of
from ..jobs.models import READY
from ..jobs.statements import ADD, ADD_TO_LANE
from .catalogue import EventCatalogue
from .delivery import Delivery
from .models import LONGEST_KEY, STREAMS
from .subscriptions import Subscriptions

if TYPE_CHECKING:
    from ..database.unit_of_work import UnitOfWork
    from .event import Event

_put = insert_into(STREAMS, "key", "last_seq")
_seq = STREAMS.c.last_seq

COUNT_UP: Statement[None] = Statement(
    _put.on_conflict_do_update(
        index_elements=[STREAMS.c.key],
        set_={"last_seq": _seq + bind("events", BigInteger), "updated_at": _put.excluded.updated_at},
    )
)
ADD_IN_ORDER: Statement[None] = Statement(
    cast(Insert, ADD_TO_LANE.sql).values(
        lane_seq=select(_seq - bind("later", BigInteger)).where(STREAMS.c.key == bind("stream", STREAMS.c.key)).scalar_subquery()
    )
)


@dataclass(frozen=True, slots=True)
class Written:
    """An event on its way into its subscribers' rows: the stream that keeps it in order, and the rows."""

    stream: str | None
    rows: tuple[dict[str, Any], ...]


class Outbox:
    """Writes what units publish. One per application."""

    def __init__(self, catalogue: EventCatalogue, subscriptions: Subscriptions) -> None:
        self._catalogue = catalogue
        self.listeners = subscriptions.listeners

    def written(self, uow: "UnitOfWork", event: "Event") -> Written:
        """The event as rows, and the bell for their workers once the unit has committed."""
        bell, kind, stream = uow.port(JobBell), type(event), stream_of(event)
        name = self._catalogue.name_of(kind)
        assert name is not None, "only events of the catalogue have listeners"  # noqa: S101
        data = self._catalogue.codec_of(kind).encode(event)
        delivery = Delivery(ids.new(), name, kind.version, clock.now(), event.aggregate, data)
        same = {"payload": delivery.payload(), "payload_version": kind.version, "run_at": delivery.at, "state": READY}
        rows = []
        for definition in self.listeners[kind]:
            lane = None if stream is None else f"{definition.name}|{stream}"
            row = row_of(uow, definition, event) | same | {"lane": lane}
            rows.append(row)
            bell.ring_after_commit(uow, definition, lane=lane, job=row["id"], priority=row["priority"])
        return Written(stream, tuple(rows))

    def statements(self, events: Sequence[Written]) -> Deferred:
        """What the unit runs at the very end of its transaction.

        Streams are counted up in sorted order and last of all, so that two units never wait for each other in a circle, and each
        is held for no longer than the commit takes.
        """
        later = Counter(event.stream for event in events if event.stream is not None)
        first = int(clock.now().timestamp() * 1_000_000)  # a stream that was pruned goes on behind its old numbers
        deferred: Deferred = [
            (COUNT_UP, {"key": key, "last_seq": first + count, "events": count}) for key, count in sorted(later.items())
        ]
        for event in events:
            if event.stream is None:
                deferred += [(ADD, row | {"lane_seq": None}) for row in event.rows]
                continue
            later[event.stream] -= 1
            place = {"stream": event.stream, "later": later[event.stream]}
            deferred += [(ADD_IN_ORDER, row | place) for row in event.rows]
        return deferred


def stream_of(event: "Event") -> str | None:
    """The key of the stream of what the event is about; a long one ends in a digest."""
    key = event.aggregate
    if key is None or len(key) <= LONGEST_KEY:
        return key
    return f"{key[: LONGEST_KEY - 33]}#{blake2b(key.encode(), digest_size=16).hexdigest()}"
