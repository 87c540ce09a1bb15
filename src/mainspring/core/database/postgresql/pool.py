"""The connections of one process. asyncpg's own pool wraps each use in proxies and resets and takes 36 us; this takes 1."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from time import monotonic

from ...observability.logs import get_logger
from ...tasks import start
from ..errors import DatabaseUnavailable
from ..figures import DatabaseFigures
from .wire import Wire

log = get_logger(__name__)
SETTLE_SECONDS = 5.0


class Pool:
    """At most `most` connections, the last used first; those idle for `idle_seconds` go, but `least` stay."""

    def __init__(
        self, connect: Callable[[], Awaitable[Wire]], *, most: int, least: int, idle_seconds: float, acquire_timeout: float
    ) -> None:
        self._connect, self._most, self._least = connect, most, least
        self._idle_seconds, self._acquire_timeout = idle_seconds, acquire_timeout
        self._idle: deque[Wire] = deque()
        self._waiting: deque[asyncio.Future[Wire | None]] = deque()
        self._settling: set[asyncio.Task[None]] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._closing = False
        self._all: set[Wire] = set()
        self.size = 0

    def acquire_now(self) -> Wire | None:
        """An idle connection, if there is one."""
        idle = self._idle
        while idle:
            wire = idle.pop()
            if wire.is_fit:
                return wire
            self._drop(wire)
        return None

    async def acquire(self) -> Wire:
        """A connection, new if need be. Raises DatabaseUnavailable when none comes in time."""
        wire = self.acquire_now()
        if wire is not None:
            return wire
        deadline = monotonic() + self._acquire_timeout
        while True:
            if self._closing:
                raise DatabaseUnavailable
            if self.size < self._most:
                return await self.open()
            given = await self._wait(deadline)
            if given is not None:
                return given

    def release(self, wire: Wire) -> None:
        """Take it back. One whose statement was cancelled is kept out until the server has answered."""
        if wire.is_fit and not self._closing:
            while self._waiting:
                waiting = self._waiting.popleft()
                if not waiting.done():
                    waiting.set_result(wire)
                    return
            wire.idle_since = monotonic()
            self._idle.append(wire)
            return
        if wire.connection.is_closed() or self._closing or wire.connection.is_in_transaction():
            self._drop(wire)
            return
        settling = start(self._settle(wire), name="database connection settles")
        self._settling.add(settling)
        settling.add_done_callback(self._settling.discard)

    async def close(self) -> None:
        """Close the idle connections, and cut off those that somebody still holds."""
        self._closing = True
        if self._sweep:
            self._sweep.cancel()
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
        await asyncio.gather(*self._settling, return_exceptions=True)
        while self._idle:
            wire = self._idle.popleft()
            self.size -= 1
            self._all.discard(wire)
            with contextlib.suppress(Exception):  # the server may be gone; closing is a courtesy then
                await wire.connection.close(timeout=2)
        for wire in self._all:
            wire.connection.terminate()

    def start(self) -> None:
        """Look for idle connections every now and then."""
        self._sweep = asyncio.get_running_loop().call_later(self._idle_seconds / 2, self._sweep_idle)

    async def open(self) -> Wire:
        """A new connection of the pool."""
        self.size += 1
        try:
            wire = await self._connect()
        except BaseException:
            self.size -= 1
            self._wake()
            raise
        self._all.add(wire)
        if self._closing:
            self._drop(wire)
            raise DatabaseUnavailable
        return wire

    def figures(self) -> DatabaseFigures:
        """Who waits, and how many connections are used and idle."""
        idle = len(self._idle)
        waiting = sum(not one.done() for one in self._waiting)
        return DatabaseFigures(waiting, {"used": self.size - idle, "idle": idle})

    async def _wait(self, deadline: float) -> Wire | None:
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[Wire | None] = loop.create_future()
        self._waiting.append(waiting)
        alarm = loop.call_later(max(0.0, deadline - monotonic()), _expire, waiting)
        try:
            return await waiting
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled() and waiting.exception() is None:
                given = waiting.result()
                if given is not None:
                    self.release(given)
                else:
                    self._wake()
            raise
        finally:
            alarm.cancel()

    def _wake(self) -> None:
        """Tell one who waits that there is room for a new connection."""
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(None)
                return

    def _drop(self, wire: Wire) -> None:
        self.size -= 1
        self._all.discard(wire)
        if not wire.connection.is_closed():
            wire.connection.terminate()
        self._wake()

    async def _settle(self, wire: Wire) -> None:
        try:
            await wire.connection._protocol._wait_for_cancellation(SETTLE_SECONDS)
        except (TimeoutError, OSError):
            log.warn("cancelled_statement_did_not_end", seconds=SETTLE_SECONDS)
        if wire.is_fit:
            self.release(wire)
        else:
            self._drop(wire)

    def _sweep_idle(self) -> None:
        oldest = monotonic() - self._idle_seconds
        while len(self._idle) and self.size > self._least and self._idle[0].idle_since < oldest:
            self._drop(self._idle.popleft())
        self.start()


def _expire(waiting: "asyncio.Future[Wire | None]") -> None:
    if not waiting.done():
        waiting.set_exception(DatabaseUnavailable("All database connections are in use. Try again shortly."))
