"""Sums of what ran, per queue and five minutes, so that nobody has to search the history for them.

Each process adds up in memory and writes with its heartbeat. What a process had not written when it was killed is not counted.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, cast, delete, func, select

from .. import clock
from ..database.statement import Statement, bind, insert_into
from .models import Total

if TYPE_CHECKING:
    from ..database.unit_of_work import UnitOfWork

SPAN = timedelta(minutes=5)
LAST_HOUR = timedelta(hours=1)
KEPT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class HourOfQueue:
    """The attempts of the last hour at jobs of one queue, and how long they took together."""

    queue: str
    attempts: int
    failed: int
    milliseconds: int


@dataclass(slots=True)
class Sum:
    """What is not written yet."""

    attempts: int = 0
    failed: int = 0
    milliseconds: float = 0.0


_insert = insert_into(Total, "queue", "starts_at", "attempts", "failed", "milliseconds")
_sums = {name: Total.__table__.c[name] + _insert.excluded[name] for name in ("attempts", "failed", "milliseconds")}
ADD: Statement[None] = Statement(_insert.on_conflict_do_update(index_elements=[Total.queue, Total.starts_at], set_=_sums))
SINCE = Statement(
    select(
        Total.queue,
        cast(func.sum(Total.attempts), BigInteger).label("attempts"),
        cast(func.sum(Total.failed), BigInteger).label("failed"),
        cast(func.sum(Total.milliseconds), BigInteger).label("milliseconds"),
    )
    .where(Total.starts_at > bind("since", Total.starts_at))
    .group_by(Total.queue),
    HourOfQueue,
)
FORGET: Statement[None] = Statement(delete(Total).where(Total.starts_at < bind("before", Total.starts_at)))


class Totals:
    """The sums of this process."""

    def __init__(self) -> None:
        self._sums: dict[str, Sum] = {}
        self._unsure: dict[str, Sum] = {}  # written in a unit that has not committed yet

    def note(self, queue: str, seconds: float, *, failed: bool) -> None:
        """Count one attempt."""
        self._add(queue, Sum(1, int(failed), seconds * 1000))

    async def write(self, uow: "UnitOfWork") -> None:
        """Add the sums to those of the current five minutes. What a unit that failed had written comes with the next one."""
        for queue, one in self._unsure.items():
            self._add(queue, one)
        self._unsure, self._sums = self._sums, {}
        starts_at = span_of(clock.now())
        for queue, one in sorted(self._unsure.items()):  # one order for everybody, or two processes wait for each other
            await uow.run(
                ADD,
                queue=queue,
                starts_at=starts_at,
                attempts=one.attempts,
                failed=one.failed,
                milliseconds=round(one.milliseconds),
            )
        uow.after_commit(self._unsure.clear)

    def _add(self, queue: str, more: Sum) -> None:
        found = self._sums.setdefault(queue, Sum())
        found.attempts += more.attempts
        found.failed += more.failed
        found.milliseconds += more.milliseconds


async def last_hour(uow: "UnitOfWork") -> list[HourOfQueue]:
    """What every queue did in the last hour, as far as it is written."""
    return await uow.all(SINCE, since=clock.now() - LAST_HOUR)


async def forget_totals(uow: "UnitOfWork") -> int:
    """Remove old sums; how many rows went."""
    return await uow.run(FORGET, before=clock.now() - KEPT)


def span_of(moment: datetime) -> datetime:
    """The beginning of its five minutes."""
    return datetime.fromtimestamp(moment.timestamp() // SPAN.total_seconds() * SPAN.total_seconds(), UTC)
