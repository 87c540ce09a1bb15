"""Claims of jobs whose number is limited. They count and claim under a lock, so the limits hold over all processes.

A group is what is counted: all jobs of one name, or all of one queue. Only jobs in a group pay for this.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import BigInteger, delete, func, select

from .. import clock, ids
from ..database.statement import Statement, any_of, bind, insert_into, update_of
from ..database.unit_of_work import UnitOfWork
from .book import Definition
from .claiming import BEST_FIRST, Known, best_first, claiming, known
from .models import ALONE, BLOCKED, LIMITED, OPEN, READY, RUNNING, Job, Start
from .rates import Rate
from .rows import ClaimedJob

LOOKED_AT = 100  # candidates of keyed jobs that one look reads


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ready row of a keyed job."""

    id: UUID
    concurrency_key: str | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many run with a key."""

    key: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Take:
    """What a claim of a group brought. `is_full` when a limit ended it, `again_at` when time will help."""

    rows: list[ClaimedJob]
    is_full: bool = False
    again_at: datetime | None = None


RUNNING_OF_NAME = Statement(select(func.count()).where(Job.state == RUNNING, Job.name == bind("name", Job.name)), int)
RUNNING_OF_QUEUE = Statement(select(func.count()).where(Job.state == RUNNING, Job.queue == bind("queue", Job.queue)), int)
RUNNING_BY_KEY = Statement(
    select(Job.concurrency_key.label("key"), func.count().label("count"))
    .where(Job.state == RUNNING, Job.name == bind("name", Job.name))
    .group_by(Job.concurrency_key),
    Count,
)
PARK: Statement[None] = Statement(update_of(Job).where(any_of(Job.id, "ids"), Job.state == READY).values(state=BLOCKED))
_FIRST_OF_KEY = (
    select(Job.id)
    .where(
        Job.state == BLOCKED,
        Job.lane.is_(None),
        Job.name == bind("name", Job.name),
        Job.concurrency_key == bind("key", Job.concurrency_key),
    )
    .order_by(Job.priority.desc(), Job.run_at)
    .limit(bind("limit", BigInteger))
)
UNPARK: Statement[None] = Statement(update_of(Job).where(Job.id.in_(_FIRST_OF_KEY)).values(state=READY))
# The start that the window has to lose before another one fits into it.
NTH_START = Statement(
    select(Start.started_at)
    .where(Start.name == bind("name", Start.name))
    .order_by(Start.started_at.desc())
    .offset(bind("skipped", BigInteger))
    .limit(1),
    datetime,
)
STARTS_SINCE = Statement(
    select(func.count()).where(Start.name == bind("name", Start.name), Start.started_at > bind("since", Start.started_at)), int
)
ADD_START: Statement[None] = Statement(insert_into(Start))
FORGET_STARTS: Statement[None] = Statement(
    delete(Start).where(Start.name == bind("name", Start.name), Start.started_at <= bind("since", Start.started_at))
)


class Groups:
    """The groups that this process claims from: `limits` are those of queues, by name."""

    def __init__(self, queues: Sequence[str], limits: Mapping[str, int], definitions: Iterable[Definition]) -> None:
        every = list(definitions)
        self._groups: dict[str, _Group] = {}
        for queue in queues:
            if queue in limits:
                open_ones = [one for one in every if not one.options.is_limited and one.options.queue == queue]
                self._groups[f"queue {queue}"] = _Group(queue, limits[queue], open_ones, (OPEN, ALONE))
        for one in every:
            if one.options.is_limited and one.options.queue in queues:
                self._groups[f"name {one.name}"] = _Group(one.options.queue, limits.get(one.options.queue), [one], (LIMITED,))

    def __bool__(self) -> bool:
        return bool(self._groups)

    @property
    def names(self) -> frozenset[str]:
        """The name of every group."""
        return frozenset(self._groups)

    def of_queue(self, queue: str) -> frozenset[str]:
        """The groups that share a queue."""
        return frozenset(name for name, group in self._groups.items() if group.queue == queue)

    async def take(self, uow: UnitOfWork, name: str, worker: UUID, room: int) -> Take:
        """Claim at most `room` rows of the group. The unit must not have begun, and must end soon."""
        return await self._groups[name].take(uow, worker, room)


@dataclass(frozen=True, slots=True)
class _Statements:
    best: Statement[ClaimedJob]
    candidates: Statement[Candidate]
    named: Statement[ClaimedJob]

    @staticmethod
    @cache
    def of(queue: str, tracks: tuple[str, ...], versions: tuple[int, ...]) -> "_Statements":
        mine = (Job.state == READY, Job.track.in_(tracks), Job.queue == queue, known(versions))
        ready = select(Job.id, Job.concurrency_key).where(*mine).order_by(*BEST_FIRST).with_for_update(skip_locked=True)
        return _Statements(
            claiming(ready.with_only_columns(Job.id).limit(bind("limit", BigInteger)).cte("picked")),
            Statement(ready.limit(LOOKED_AT), Candidate),
            claiming(select(Job.id).where(any_of(Job.id, "ids"), *mine).cte("picked")),
        )


class _Group:
    def __init__(self, queue: str, queue_limit: int | None, definitions: list[Definition], tracks: tuple[str, ...]) -> None:
        self.queue, self._queue_limit = queue, queue_limit
        self._definition = definitions[0] if tracks == (LIMITED,) else None
        self._known = Known(definitions)
        self._statements = _Statements.of(queue, tracks, self._known.versions)

    async def take(self, uow: UnitOfWork, worker: UUID, room: int) -> Take:
        wanted, again_at = room, None
        if self._queue_limit is not None:
            await uow.lock(f"jobs queue {self.queue}", wait=True)
            room = min(room, self._queue_limit - (await uow.value(RUNNING_OF_QUEUE, queue=self.queue) or 0))
        definition = self._definition
        if definition is not None:
            await uow.lock(lock_of(definition.name), wait=True)
            options = definition.options
            if options.concurrency is not None and options.concurrency_key is None:
                room = min(room, options.concurrency - (await uow.value(RUNNING_OF_NAME, name=definition.name) or 0))
            if options.rate is not None and room > 0:
                room, again_at = await _room_of_rate(uow, definition.name, options.rate, room)
        if room <= 0:
            return Take([], True, again_at)
        if definition is not None and definition.options.concurrency_key is not None:
            rows = await self._by_key(uow, definition, worker, room)
        else:
            rows = await uow.all(self._statements.best, worker=worker, now=clock.now(), limit=room, **self._known.parameters)
        if definition is not None and definition.options.rate is not None and rows:
            await uow.run_many(ADD_START, [{"id": ids.new(), "name": definition.name, "started_at": clock.now()} for _ in rows])
        return Take(best_first(rows), len(rows) == room < wanted, again_at)

    async def _by_key(self, uow: UnitOfWork, definition: Definition, worker: UUID, room: int) -> list[ClaimedJob]:
        """Rows whose key has room. The others are parked behind their key, so that nobody reads them again in vain."""
        most = definition.options.concurrency or 1
        running = Counter({one.key: one.count for one in await uow.all(RUNNING_BY_KEY, name=definition.name)})
        chosen: list[UUID] = []
        while len(chosen) < room:
            parked: list[UUID] = []
            candidates = await uow.all(self._statements.candidates, **self._known.parameters)
            for candidate in candidates:
                if candidate.id in chosen:
                    continue
                if running[candidate.concurrency_key] >= most:
                    parked.append(candidate.id)
                elif len(chosen) < room:
                    running[candidate.concurrency_key] += 1
                    chosen.append(candidate.id)
            if parked:
                await uow.run(PARK, ids=parked)
            if not parked or len(candidates) < LOOKED_AT:
                break
        if not chosen:
            return []
        return await uow.all(self._statements.named, worker=worker, now=clock.now(), ids=chosen, **self._known.parameters)


def lock_of(name: str) -> str:
    """The lock under which jobs of this name are counted."""
    return f"jobs name {name}"


async def release_key(uow: UnitOfWork, definition: Definition, key: str | None) -> int:
    """Let parked rows of the key be claimed again, after one of them has ended; how many. Call it in a unit of its own."""
    if key is None or definition.options.concurrency is None:
        return 0
    await uow.lock(lock_of(definition.name), wait=True)
    return await uow.run(UNPARK, name=definition.name, key=key, limit=definition.options.concurrency)


async def _room_of_rate(uow: UnitOfWork, name: str, rate: Rate, room: int) -> tuple[int, datetime | None]:
    since = clock.now() - rate.per
    await uow.run(FORGET_STARTS, name=name, since=since)
    free = rate.count - (await uow.value(STARTS_SINCE, name=name, since=since) or 0)
    if free >= room:
        return room, None
    free = max(free, 0)
    blocking = clock.now()
    if free < rate.count:
        blocking = await uow.only(NTH_START, name=name, skipped=rate.count - 1 - free)
    return free, blocking + rate.per
