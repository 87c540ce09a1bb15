"""What a worker knows about the rows of one database, and how it takes them: nothing is asked that cannot have an answer."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from .. import clock
from ..database.signals import EVERYTHING
from .bell import Ring
from .book import Definition
from .carrying.ports import Ticket
from .claiming import Claims
from .limits import Groups
from .models import ALONE, OPEN
from .rows import ClaimedJob
from .statements import PEEK, PROMOTE, PROMOTED_AT_ONCE

if TYPE_CHECKING:
    from ..database import Database


class Taker:
    """Remembers what may be ready, and claims it. `ring` and `hear` say that something is; `peek` looks at the table."""

    def __init__(
        self, database: "Database", queues: Sequence[str], limits: Mapping[str, int], definitions: Iterable[Definition]
    ) -> None:
        every = list(definitions)
        free = [queue for queue in queues if queue not in limits]
        self.database, self.queues = database, frozenset(queues)
        self.groups = Groups(queues, limits, every)
        self._open, self._alone = Claims(OPEN, free, every), Claims(ALONE, free, every)
        self._open_queues = frozenset(free)
        self.due: datetime | None = None
        self.promised = 0  # rows that were rung for since the last claim
        self._look_open = self._look_alone = self._must_peek = True
        self._look_groups: set[str] = set(self.groups.names)
        self.keeps_time = True  # else somebody else makes rows ready that are due
        self._groups_again: dict[str, datetime] = {}

    @property
    def is_due(self) -> bool:
        """Whether there may be something to take."""
        if self._look_open or self._look_alone or self._must_peek or self._look_groups:
            return True
        next_at = self.next_at
        return next_at is not None and next_at <= clock.now()

    @property
    def next_at(self) -> datetime | None:
        """When time alone makes something ready, as far as is known."""
        return min((at for at in (self.due, *self._groups_again.values()) if at is not None), default=None)

    def ring(self, ring: Ring) -> bool:
        """Remember a row that was committed here; whether it concerns us and is due."""
        if ring.queue != "*" and ring.queue not in self.queues:
            return False
        if ring.run_at is not None:
            self.due = ring.run_at if self.due is None else min(self.due, ring.run_at)
            return False
        self._look(ring.queue)
        self.promised += 1
        return True

    def hear(self, words: frozenset[str]) -> bool:
        """Remember what another process told; whether it concerns us."""
        if words == EVERYTHING:
            self._must_peek = True
            return True
        mine = words & self.queues
        for queue in mine:
            self._look(queue)
        return bool(mine)

    def look_at_everything(self) -> None:
        """Forget what is known and look at the table."""
        self._must_peek = True

    def claims_by_name(self, queue: str) -> bool:
        """Whether rows of the queue may be claimed without counting others."""
        return queue in self._open_queues

    async def take_named(self, desk: "Database", worker: UUID, tickets: Sequence[Ticket]) -> list[ClaimedJob]:
        """Claim the row of each ticket, or a more urgent one of its queue in its place; at most one for each ticket.

        A ticket whose row has ended, or was overtaken by such a one, brings the best that there is.
        """
        by_queue: dict[str, list[Ticket]] = {}
        for ticket in tickets:
            by_queue.setdefault(ticket.queue, []).append(ticket)
        taken: list[ClaimedJob] = []
        for queue, group in by_queue.items():
            async with desk.unit() as uow:
                ids, least = [one.job for one in group if one.job is not None], min(one.priority for one in group)
                rows = await self._open.named(uow, worker, queue, ids, least)
                if len(rows) < len(group):
                    rows += await self._open.best(uow, worker, len(group) - len(rows), (queue,))
            taken += rows
        return taken

    async def take(self, desk: "Database", worker: UUID, room: int, room_alone: int) -> list[ClaimedJob]:
        """Claim at most `room` rows, of which `room_alone` need a process of their own."""
        self.promised = 0
        if self._must_peek:
            await self._peek(desk)
        await self._promote(desk)
        taken: list[ClaimedJob] = []
        if self._look_groups:
            taken += await self._take_groups(desk, worker, max(1, room // 2) if self._look_open else room)
        if self._look_alone and room_alone > 0 and len(taken) < room:
            taken += await self._take_track(desk, self._alone, worker, min(room_alone, room - len(taken)))
        if self._look_open and len(taken) < room:
            taken += await self._take_track(desk, self._open, worker, room - len(taken))
        return taken

    async def _peek(self, desk: "Database") -> None:
        self._must_peek = False
        found = await desk.begin_reading().only(PEEK)
        self._look_open = self._look_open or found.open
        self._look_alone = self._look_alone or found.alone
        if found.limited or found.open or found.alone:
            self._look_groups |= self.groups.names
        self.due = found.due if self.keeps_time else None

    async def _promote(self, desk: "Database") -> None:
        now = clock.now()
        for name in [name for name, at in self._groups_again.items() if at <= now]:
            del self._groups_again[name]
            self._look_groups.add(name)
        while self.due is not None and self.due <= now:
            self.due = None
            async with desk.unit() as uow:
                promoted = await uow.run(PROMOTE, now=now)
            self._must_peek = promoted == PROMOTED_AT_ONCE
            await self._peek(desk)
            now = clock.now()

    async def _take_track(self, desk: "Database", claims: Claims, worker: UUID, room: int) -> list[ClaimedJob]:
        is_open = claims is self._open
        self._set(is_open, False)
        async with desk.unit() as uow:
            rows = await claims.best(uow, worker, room)
        if rows:
            self._set(is_open, True)  # there may be more: a claim takes fewer than there are when its size is not in the list
        return rows

    def _set(self, is_open: bool, value: bool) -> None:
        if is_open:
            self._look_open = value
        else:
            self._look_alone = value

    async def _take_groups(self, desk: "Database", worker: UUID, room: int) -> list[ClaimedJob]:
        taken: list[ClaimedJob] = []
        for name in sorted(self._look_groups):
            if len(taken) >= room:
                break
            self._look_groups.discard(name)
            async with desk.unit() as uow:
                take = await self.groups.take(uow, name, worker, room - len(taken))
            taken += take.rows
            if take.again_at is not None:
                self._groups_again[name] = take.again_at
            elif take.rows and not take.is_full:
                self._look_groups.add(name)
        return taken

    def _look(self, queue: str) -> None:
        if queue == "*":
            self._must_peek = True
            return
        self._look_groups |= self.groups.of_queue(queue)
        if queue in self._open_queues:
            self._look_open = self._look_alone = True
