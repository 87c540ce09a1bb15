"""The claim of a worker: the rows that it may run, best first, taken in one statement."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, and_, exists, or_, select, union, union_all
from sqlalchemy.sql.elements import ColumnElement

from .. import clock
from ..database.statement import Statement, any_of, bind, update_of
from ..database.unit_of_work import UnitOfWork
from .book import Definition
from .models import BLOCKED, OPEN, READY, RUNNING, Job, Worker
from .rows import ClaimedJob
from .statements import CLAIMED, HEAD, NOTHING_MOVES

BEST_FIRST = (Job.priority.desc(), Job.run_at, Job.id)
SIZES = (1, 2, 3, 4, 6, 8, 10, 16, 24, 32, 48, 64, 100)  # each is a text of its own, so that PostgreSQL plans for few rows


class Known:
    """The names that a process knows, as a condition: rows of other names, or of newer payloads, stay for others.

    The condition depends on the `versions` alone, so that statements are compiled once; the names are `parameters`.
    """

    def __init__(self, definitions: Iterable[Definition]) -> None:
        by_version: dict[int, list[str]] = {}
        for definition in definitions:
            by_version.setdefault(definition.version, []).append(definition.name)
        self.versions = tuple(sorted(by_version))
        self.parameters = {f"known_{version}": by_version[version] for version in self.versions}


def known(versions: tuple[int, ...]) -> ColumnElement[bool]:
    """The condition of `Known`."""
    if not versions:
        return Job.name.is_(None)
    return or_(*(and_(any_of(Job.name, f"known_{version}"), Job.payload_version <= version) for version in versions))


class Claims:
    """Claims of rows of one track from some queues; nothing is counted."""

    def __init__(self, track: str, queues: Sequence[str], definitions: Iterable[Definition]) -> None:
        self.queues = tuple(queues)
        self._track = track
        self._known = Known([one for one in definitions if not one.options.is_limited])

    async def best(self, uow: UnitOfWork, worker: UUID, room: int, queues: tuple[str, ...] | None = None) -> list[ClaimedJob]:
        """At most `room` rows, the best of all `queues`, by default of every one; sometimes fewer than there are."""
        queues = self.queues if queues is None else queues
        if not queues:
            return []
        size = max(size for size in SIZES if size <= room)
        statement = _best(self._track, queues, self._known.versions, size)
        return best_first(await uow.all(statement, worker=worker, now=clock.now(), **self._known.parameters))

    async def named(self, uow: UnitOfWork, worker: UUID, queue: str, ids: Sequence[UUID], least: int) -> list[ClaimedJob]:
        """Those of the rows that are ready, as many as there are `ids`; rows of a priority above `least` go before them."""
        asked = {"queue": queue, "ids": list(ids), "least": least, "limit": len(ids), **self._known.parameters}
        return best_first(await uow.all(_named(self._track, self._known.versions), worker=worker, now=clock.now(), **asked))


class LaneClaims:
    """Claims of the row that stands first in its lane."""

    def __init__(self, definitions: Iterable[Definition]) -> None:
        self._known = Known([one for one in definitions if not one.options.is_limited])

    async def next(self, uow: UnitOfWork, worker: UUID, lane: str) -> ClaimedJob | None:
        """The first unfinished row of the lane, if it may run now and nothing limits it."""
        statement = _next(self._known.versions)
        return await uow.one(statement, worker=worker, now=clock.now(), lane=lane, **self._known.parameters)


@cache
def _best(track: str, queues: tuple[str, ...], versions: tuple[int, ...], size: int) -> Statement[ClaimedJob]:
    arms = [
        select(Job.id, Job.priority, Job.run_at)
        .where(Job.state == READY, Job.track == track, Job.queue == queue, known(versions))
        .order_by(*BEST_FIRST)
        .limit(size)
        .with_for_update(skip_locked=True)
        .subquery(f"queue_{number}")
        for number, queue in enumerate(queues)
    ]
    if len(arms) == 1:
        return claiming(select(arms[0].c.id).cte("picked"))
    every = union_all(*(select(arm) for arm in arms)).subquery("every_queue")
    best = (every.c.priority.desc(), every.c.run_at, every.c.id)
    return claiming(select(every.c.id).order_by(*best).limit(size).cte("picked"))


@cache
def _named(track: str, versions: tuple[int, ...]) -> Statement[ClaimedJob]:
    limit = bind("limit", BigInteger)
    mine = select(Job.id, Job.priority, Job.run_at).where(
        Job.state == READY, Job.track == track, Job.queue == bind("queue", Job.queue), known(versions)
    )
    urgent = mine.where(Job.priority > bind("least", Job.priority)).order_by(*BEST_FIRST).limit(limit)
    asked = mine.where(any_of(Job.id, "ids"))
    arms = [arm.with_for_update(skip_locked=True).subquery(name) for arm, name in ((urgent, "urgent"), (asked, "asked"))]
    either = union(*(select(arm) for arm in arms)).subquery("either")
    best = (either.c.priority.desc(), either.c.run_at, either.c.id)
    return claiming(select(either.c.id).order_by(*best).limit(limit).cte("picked"))


@cache
def _next(versions: tuple[int, ...]) -> Statement[ClaimedJob]:
    first = (Job.id == HEAD, Job.state.in_((READY, BLOCKED)), Job.track == OPEN, NOTHING_MOVES)
    due = Job.run_at <= bind("now", Job.run_at)
    return Statement(_taken().where(*first, due, known(versions)).returning(*CLAIMED), ClaimedJob)


def claiming(picked: Any) -> Statement[ClaimedJob]:
    """The statement that makes the picked rows ours, as long as this worker is registered."""
    return Statement(_taken().where(Job.id.in_(select(picked.c.id))).returning(*CLAIMED), ClaimedJob)


def best_first(rows: list[ClaimedJob]) -> list[ClaimedJob]:
    """In the order in which they are started."""
    return sorted(rows, key=lambda row: (-row.priority, row.run_at, row.id))


def _taken() -> Any:
    worker = bind("worker", Job.worker)
    return (
        update_of(Job)
        .where(exists(select(1).where(Worker.id == worker)))
        .values(state=RUNNING, token=Job.token + 1, worker=worker, started_at=bind("now", Job.started_at))
    )
