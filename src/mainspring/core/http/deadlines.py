"""Time limits of requests (ARCHITECTURE 10 d): a body must arrive in time, an answer must begin in time.

A timer for every request would cost 3 µs. Instead all running requests are kept in one set, and once a second the late ones are
cancelled; so a limit is kept to the second. A commit is never cut off, and a stream that has begun may last.
"""

import asyncio
from datetime import timedelta

from .. import clock
from .exchange import Exchange

EVERY_SECONDS = 1.0


class Deadlines:
    """Watches the running requests of one event loop."""

    def __init__(self, answer: timedelta, body: timedelta) -> None:
        self.answer_seconds = answer.total_seconds()
        self.body_seconds = body.total_seconds()
        self.running: set[Exchange] = set()
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, exchange: Exchange) -> None:
        """Begin to watch; the caller ends it with `running.discard(exchange)`."""
        exchange.task = asyncio.current_task()
        self.running.add(exchange)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(EVERY_SECONDS, self._look)

    def _look(self) -> None:
        now = clock.monotonic()
        for exchange in self.running:
            if exchange.status or not exchange.may_cancel or exchange.late is not None or exchange.task is None:
                continue
            if now - exchange.since > (self.body_seconds if exchange.reading else self.answer_seconds):
                exchange.late = "body" if exchange.reading else "answer"
                exchange.task.cancel()
        self._timer = asyncio.get_running_loop().call_later(EVERY_SECONDS, self._look) if self.running else None
