"""Hands the rows that were committed here to the broker, directly after the commit.

What is lost on the way, because the process ends or the broker stays away for long, the lookout sees: the row is the record.
"""

import asyncio
import contextlib
import contextvars
import random
from collections import deque
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ... import tasks
from ...observability.logs import get_logger
from .ports import JobCarrier, Ticket

if TYPE_CHECKING:
    from ...database import Database
    from ..bell import Ring

log = get_logger(__name__)
AT_ONCE = 500
KEPT = 20_000
LONGEST_PAUSE_SECONDS = 5.0
FLUSH_SECONDS = 2.0


class Poster:
    """One per process. `post` returns at once; a task sends, and tries again until the broker has confirmed."""

    def __init__(self, carrier: JobCarrier, databases: Mapping[str, "Database"], queues: Iterable[str]) -> None:
        self.carrier = carrier
        self._names = {database: name for name, database in databases.items()}
        self._queues = tuple(queues)
        self._tickets: deque[Ticket] = deque(maxlen=KEPT)
        self._news = asyncio.Event()
        self._sent = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def rang(self, ring: "Ring") -> bool:
        """A listener of the bell: whatever is ready goes to the broker, also for workers of this very process."""
        if ring.run_at is None:
            queues = self._queues if ring.queue == "*" else (ring.queue,)
            self.post(Ticket(queue, ring.job, ring.priority, self._names[ring.database]) for queue in queues)
        return True

    def post(self, tickets: Iterable[Ticket]) -> None:
        """Send them soon."""
        self._tickets.extend(tickets)
        self._news.set()
        self._sent.clear()
        if self._task is None or self._task.done():
            self._task = tasks.start(self._send(), name="jobs are sent", context=contextvars.Context())

    async def stop(self) -> None:
        """Send what is left, within two seconds."""
        if self._task is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_SECONDS):
                if self._tickets:
                    await self._sent.wait()
        await tasks.stop(self._task)
        self._task = None
        await self.carrier.close()

    async def _send(self) -> None:
        failures = 0
        while True:
            self._news.clear()
            while self._tickets:
                batch = [self._tickets.popleft() for _ in range(min(AT_ONCE, len(self._tickets)))]
                try:
                    await self.carrier.send(batch)
                    failures = 0
                except Exception as error:
                    failures += 1
                    self._tickets.extendleft(reversed(batch))
                    if failures == 1:
                        log.warn("jobs_not_sent", count=len(self._tickets), reason=f"{type(error).__name__}: {error}")
                    await asyncio.sleep(random.uniform(0.1, min(0.2 * 2.0 ** min(failures, 6), LONGEST_PAUSE_SECONDS)))  # noqa: S311
            self._sent.set()
            await self._news.wait()
