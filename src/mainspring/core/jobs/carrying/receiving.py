"""Where a worker waits for work when a broker carries it."""

import asyncio
import contextvars
import random
from collections import deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from ... import clock, tasks
from ...observability.logs import get_logger
from .ports import Handed, JobCarrier

if TYPE_CHECKING:
    from ..rows import ClaimedJob
    from ..taking import Taker

log = get_logger(__name__)
KEPT_SECONDS = 60.0
LOOK_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 5.0


class CarriedSource:
    """Tickets from the broker. As long as it cannot be reached, the worker looks at the table instead, once a second.

    A ticket is acknowledged when the attempt at the row that was claimed for it has ended, or after a minute: from then on the
    lease alone protects the row, and no broker waits for hours.
    """

    def __init__(self, carrier: JobCarrier, takers: Mapping[str, "Taker"], queues: Sequence[str], most: int) -> None:
        self._carrier, self._takers, self._queues, self._most = carrier, takers, list(queues), most
        self._arrived: deque[Handed] = deque()
        self._news = asyncio.Event()
        self._running: dict[UUID, tuple[Handed, asyncio.TimerHandle]] = {}
        self._task: asyncio.Task[None] | None = None
        self._look_at = clock.monotonic()
        self.is_connected = False

    def start(self) -> None:
        """Receive from now on."""
        self._task = tasks.start(self._receive(), name="jobs are received", context=contextvars.Context())

    async def stop(self) -> None:
        """Receive no more: what runs is acknowledged, and what only arrived goes to others."""
        running = [handed for handed, _ in self._running.values()]
        await asyncio.gather(*(_acknowledged(handed) for handed in running))
        if self._task is not None:
            await tasks.stop(self._task)
            self._task = None
        self._lost()

    async def next(self, room: int) -> Sequence[Handed] | None:
        """Tickets that name a row, at most `room`; None when the table must be looked at."""
        while True:
            self._news.clear()
            named = self._take_arrived(room)
            if named:
                return named
            if not self.is_connected and clock.monotonic() >= self._look_at:
                self._look_at = clock.monotonic() + LOOK_SECONDS
                for taker in self._takers.values():
                    taker.look_at_everything()
            if any(taker.is_due for taker in self._takers.values()):
                return None
            try:
                async with asyncio.timeout(self._patience()):
                    await self._news.wait()
            except TimeoutError:
                continue

    def claimed(self, tickets: Sequence[Handed], rows: Sequence["ClaimedJob"]) -> None:
        """These rows were claimed for these tickets; tickets that brought nothing are acknowledged."""
        left = {handed.ticket.job: handed for handed in tickets}
        spare = [row for row in rows if not self._runs(row.id, left.pop(row.id, None))]
        for row, handed in zip(spare, list(left.values()), strict=False):
            self._runs(row.id, handed)
            del left[handed.ticket.job]
        for handed in left.values():
            self._acknowledge(handed)

    def ended(self, job: UUID) -> None:
        """The attempt at a row has ended."""
        if (found := self._running.pop(job, None)) is not None:
            handed, timer = found
            timer.cancel()
            self._acknowledge(handed)

    def wake(self) -> None:
        """Look whether a taker has something to do."""
        self._news.set()

    def _take_arrived(self, room: int) -> list[Handed]:
        named: list[Handed] = []
        jobs: set[UUID] = set()
        while self._arrived and len(named) < room:
            handed = self._arrived.popleft()
            ticket, taker = handed.ticket, self._takers.get(handed.ticket.database)
            if taker is not None and ticket.job is not None and ticket.job not in jobs and taker.claims_by_name(ticket.queue):
                named.append(handed)
                jobs.add(ticket.job)
                continue
            if taker is not None:
                taker.hear(frozenset({ticket.queue}))
            self._acknowledge(handed)
        return named

    def _runs(self, job: UUID, handed: Handed | None) -> bool:
        if handed is None:
            return False
        timer = asyncio.get_running_loop().call_later(KEPT_SECONDS, self.ended, job)
        self._running[job] = (handed, timer)
        return True

    def _acknowledge(self, handed: Handed) -> None:
        tasks.start(_acknowledged(handed), name="ticket is acknowledged", context=contextvars.Context())

    def _hand(self, handed: Handed) -> None:
        self._arrived.append(handed)
        self._news.set()

    def _ready(self) -> None:
        self.is_connected = True

    async def _receive(self) -> None:
        failures = 0
        while True:
            try:
                await self._carrier.receive(self._queues, self._most, self._hand, self._ready)
            except Exception as error:
                failures = 1 if self.is_connected else failures + 1
                reason = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
                cause = f" ({reason.__cause__!r})" if reason.__cause__ else ""
                log.warn("jobs_broker_lost", reason=f"{type(reason).__name__}: {reason}{cause}")
            self._lost()
            await asyncio.sleep(random.uniform(0.1, min(0.2 * 2.0 ** min(failures, 6), LONGEST_PAUSE_SECONDS)))  # noqa: S311

    def _lost(self) -> None:
        """What was handed over comes again; the table is looked at meanwhile."""
        self.is_connected = False
        self._arrived.clear()
        for _, timer in self._running.values():
            timer.cancel()
        self._running.clear()
        self._news.set()

    def _patience(self) -> float:
        due = min((taker.next_at for taker in self._takers.values() if taker.next_at is not None), default=None)
        patience = 60.0 if self.is_connected else max(0.0, self._look_at - clock.monotonic())
        return patience if due is None else min(patience, max(0.0, (due - clock.now()).total_seconds()))


async def _acknowledged(handed: Handed) -> None:
    try:
        await handed.acknowledge()
    except Exception as error:  # the broker is away and will deliver it again, which does nothing
        log.debug("ticket_not_acknowledged", jobId=handed.ticket.job, reason=type(error).__name__)
