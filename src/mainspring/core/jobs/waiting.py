"""Where a worker waits for work."""

import asyncio
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from .. import clock
from .carrying.ports import Handed
from .rows import ClaimedJob
from .taking import Taker

POLL_SECONDS = 1.0


class WorkSource(Protocol):
    """Where a worker waits. A broker that carries tickets is one (`carrying`); the table itself is the other."""

    async def next(self, room: int) -> Sequence[Handed] | None:
        """Wait until there may be work for `room` jobs: tickets that name rows, or None for "look at the table"."""

    def claimed(self, tickets: Sequence[Handed], rows: Sequence[ClaimedJob]) -> None:
        """What the tickets brought."""

    def ended(self, job: UUID) -> None:
        """The attempt at a row has ended."""

    def wake(self) -> None:
        """There may be something to take."""


class TableSource:
    """Waits for news of this process or another one, for the moment when a row is due, and looks by itself each second."""

    def __init__(self, takers: Sequence[Taker]) -> None:
        self.takers = takers
        self.news = asyncio.Event()
        self._poll_at = clock.monotonic()

    async def next(self, room: int) -> None:
        """Returns as soon as the table may have something."""
        while True:
            self.news.clear()
            if clock.monotonic() >= self._poll_at:
                self._poll_at = clock.monotonic() + POLL_SECONDS
                for taker in self.takers:
                    taker.look_at_everything()
            if any(taker.is_due for taker in self.takers):
                return
            try:
                async with asyncio.timeout(self._patience()):
                    await self.news.wait()
            except TimeoutError:
                continue

    def claimed(self, tickets: Sequence[Handed], rows: Sequence[ClaimedJob]) -> None:
        """Nothing to tell: there are no tickets."""

    def ended(self, job: UUID) -> None:
        """Nothing to tell: the row itself says it."""

    def wake(self) -> None:
        """Look at once."""
        self.news.set()

    def _patience(self) -> float:
        due = min((taker.next_at for taker in self.takers if taker.next_at is not None), default=None)
        until_poll = max(0.0, self._poll_at - clock.monotonic())
        return until_poll if due is None else min(until_poll, max(0.0, (due - clock.now()).total_seconds()))
