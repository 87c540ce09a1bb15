"""Schedules: whoever moves a schedule's row first enqueues the tick, in the same transaction. So each tick has one run.

The table says when a job is due next; clocks that jump are put right against it. A tick that is late by seconds is simply late,
one that is later was missed, and the schedule's own word says what happens then.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from .. import clock
from ..database.errors import DatabaseUnavailable, RunAgain
from ..database.statement import Statement, bind, insert_into, update_of
from ..observability.logs import get_logger
from .book import Definition, JobBook
from .enqueueing import add_job
from .models import Schedule
from .timetable import EveryTimes, ticks_between

if TYPE_CHECKING:
    from ..application import Application

log = get_logger(__name__)
LATE = timedelta(seconds=30)
MOST_MISSED = 100
FAR_AHEAD = timedelta(days=1)
LOOK_SECONDS = 5.0  # a clock that jumps is noticed within this
READ_SECONDS = 30.0
AFTER_OUTAGE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Row:
    """What the table says about a schedule."""

    name: str
    spec: str
    next_at: datetime
    last_tick: datetime | None


@dataclass(frozen=True, slots=True)
class Decision:
    """The ticks to run now, and when to look next."""

    ticks: Sequence[datetime]
    next_at: datetime


ROWS = Statement(select(Schedule), Row)
ADD: Statement[None] = Statement(insert_into(Schedule).on_conflict_do_nothing(index_elements=["name"]))
RESPECIFY: Statement[None] = Statement(
    update_of(Schedule)
    .where(Schedule.name == bind("name", Schedule.name), Schedule.spec != bind("spec", Schedule.spec))
    .values(spec=bind("spec", Schedule.spec), next_at=bind("next_at", Schedule.next_at))
)
MOVE: Statement[None] = Statement(
    update_of(Schedule)
    .where(
        Schedule.name == bind("name", Schedule.name),
        Schedule.spec == bind("spec", Schedule.spec),
        Schedule.next_at == bind("expected", Schedule.next_at),
    )
    .values(next_at=bind("next_at", Schedule.next_at), last_tick=bind("last_tick", Schedule.last_tick))
)


class Scheduler:
    """Watches the schedules of the application. Every process has one; the table decides who is first."""

    def __init__(self, application: "Application") -> None:
        self.database = application.database
        book = application.resolve(JobBook)
        self.definitions = {definition.name: definition for definition in book if definition.times is not None}
        self._rows: dict[str, Row] = {}
        self._read_at = 0.0

    async def run(self) -> None:
        """Tick until it is cancelled."""
        registered = False
        while True:
            try:
                if not registered:
                    await self.register()
                    registered = True
                pause = await self.tick()
            except (DatabaseUnavailable, RunAgain) as error:
                log.warn("schedules_wait", reason=type(error).__name__)
                pause = AFTER_OUTAGE_SECONDS
            except Exception:  # whatever it is, the other schedules must tick
                log.exception("schedules_failed")
                pause = LOOK_SECONDS
            await asyncio.sleep(pause)

    async def register(self) -> None:
        """Put the schedules of this process into the table; one whose rule has changed begins anew."""
        now = clock.now()
        async with self.database.unit() as uow:
            for name, definition in sorted(self.definitions.items()):
                values = {"name": name, "spec": _spec(definition), "next_at": _next_after(definition, now)}
                if not await uow.run(ADD, **values, last_tick=None):
                    await uow.run(RESPECIFY, **values)
        self._read_at = 0.0

    async def tick(self) -> float:
        """Enqueue what is due; the seconds until the next look."""
        if clock.monotonic() >= self._read_at:
            await self._read()
        for row in list(self._rows.values()):
            decision = decide(self.definitions[row.name], row, clock.now())
            if decision is not None and not await self._move(row, decision):
                self._read_at = 0.0  # another process was first
        if self._read_at == 0.0:
            await self._read()
        now = clock.now()
        soonest = min((row.next_at for row in self._rows.values()), default=now + timedelta(seconds=LOOK_SECONDS))
        return min(max((soonest - now).total_seconds(), 0.0), LOOK_SECONDS)

    async def _read(self) -> None:
        rows = await self.database.begin_reading().all(ROWS)
        known = self.definitions
        self._rows = {row.name: row for row in rows if row.name in known and row.spec == _spec(known[row.name])}
        self._read_at = clock.monotonic() + READ_SECONDS

    async def _move(self, row: Row, decision: Decision) -> bool:
        definition = self.definitions[row.name]
        last = decision.ticks[-1] if decision.ticks else row.last_tick
        async with self.database.unit() as uow:
            moved = await uow.run(
                MOVE, name=row.name, spec=row.spec, expected=row.next_at, next_at=decision.next_at, last_tick=last
            )
            if moved:
                for tick in decision.ticks:
                    add_job(uow, definition, tick=tick)
        if moved:
            self._rows[row.name] = Row(row.name, row.spec, decision.next_at, last)
        return bool(moved)


def decide(definition: Definition, row: Row, now: datetime) -> Decision | None:
    """What to do about a schedule at this moment; None when there is nothing to do."""
    if row.next_at > now:
        return _put_right(definition, row, now)
    following = _next_after(definition, now)
    missed = row.next_at < now - LATE
    if not missed:
        return Decision(_last_ticks(definition, row.next_at, now, None), following)
    if definition.missed == "skip":
        return Decision(_last_ticks(definition, _next_after(definition, now - LATE), now, None), following)
    most = 1 if definition.missed == "once" else MOST_MISSED
    return Decision(_last_ticks(definition, row.next_at, now, most), following)


def _put_right(definition: Definition, row: Row, now: datetime) -> Decision | None:
    """The next tick lies too far ahead when the clock was set back. A cron tick that has run does not run again within a day."""
    soonest = _next_after(definition, now)
    if soonest >= row.next_at:
        return None
    if isinstance(definition.times, EveryTimes):
        went_back = row.next_at - now > 2 * definition.times.period
    else:
        went_back = row.last_tick is None or row.last_tick <= now or row.last_tick > now + FAR_AHEAD
    return Decision((), soonest) if went_back else None


def _last_ticks(definition: Definition, first: datetime, now: datetime, most: int | None) -> list[datetime]:
    """The ticks from `first` on, at most the last `most`. Looks back further and further, so that a long gap costs no time."""
    assert definition.times is not None  # noqa: S101  only schedules come here
    window = timedelta(minutes=1)
    while True:
        begin = first if most is None or now - window <= first else definition.times.next_after(now - window, definition.name)
        ticks = list(ticks_between(definition.times, definition.name, max(begin, first), now))
        if most is None or begin <= first or len(ticks) >= most:
            return ticks if most is None else ticks[-most:]
        window *= 10


def _next_after(definition: Definition, moment: datetime) -> datetime:
    assert definition.times is not None  # noqa: S101  only schedules come here
    return definition.times.next_after(moment, definition.name)


def _spec(definition: Definition) -> str:
    assert definition.times is not None  # noqa: S101  only schedules come here
    return f"{definition.times.spec} {definition.missed}"
