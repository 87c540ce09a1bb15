"""The bulkhead: one slow port may hold so many callers and no more, so that the others go on (R-291)."""

import asyncio
from collections import deque

from ..errors import Unavailable
from ..observability.metrics import gauge

RUNNING = gauge("mainspring_port_running", "Calls under way.", ("port",))
WAITING = gauge("mainspring_port_waiting", "Calls that wait for a slot.", ("port",))


class TooBusy(Unavailable):
    """As many calls as are allowed run and wait already (503). Nothing was asked."""

    message = "Too many wait for the same thing at the moment. Try again shortly."


class Bulkhead:
    """`concurrency` slots and a queue in front of them."""

    def __init__(self, name: str, concurrency: int, queue: int) -> None:
        self.name, self.concurrency, self.queue = name, concurrency, queue
        self.running = 0
        self._running, self._queued = RUNNING.of(name), WAITING.of(name)
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(not one.done() for one in self._waiting)

    def enter_now(self) -> bool:
        """Take a slot if one is free."""
        if self.running >= self.concurrency:
            return False
        self.running += 1
        self._tell()
        return True

    async def enter(self) -> None:
        """Take a slot, in the order of arrival. Raises TooBusy when the queue is full."""
        if not self.enter_now():
            await self._turn()
            self._tell()

    def leave(self) -> None:
        """Give the slot back, once for each `enter` that returned."""
        self._pass_on()
        self._tell()

    async def _turn(self) -> None:
        if self.waiting >= self.queue:
            raise TooBusy()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._tell()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the slot came in the moment of the cancellation
                self._pass_on()
            self._tell()
            raise

    def _pass_on(self) -> None:
        """Give the slot to the first who still waits, or let it go."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.running -= 1

    def _tell(self) -> None:
        self._running.set(self.running)
        self._queued.set(self.waiting if self._waiting else 0)
