"""The connections of one process, their clock, and how they end without losing an answer (R-316)."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import Any

from mainspring.core.observability import get_logger

from .connection import Connection
from .listener import refuse_newcomers, take_queued
from .outbox import Outbox

LOG = get_logger(__name__)
LINGER = 0.4
QUIET = 0.15
EMPTYING = 0.05
LEISURE = 3.0  # seconds of silence after which nobody expects a connection to be used at this very moment
FRESH = 1.0  # seconds in which a client that has just connected may send its first request

ASGI = Callable[[dict[str, Any], Callable[[], Awaitable[dict[str, Any]]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


class Server:
    """Serves an ASGI application on listening sockets until it is drained."""

    def __init__(self, application: ASGI, state: dict[str, Any] | None = None) -> None:
        self.application = application
        self.state = state or {}
        self.loop = asyncio.get_running_loop()
        self.outbox = Outbox(self.loop)
        self.connections: set[Connection] = set()
        self.running = 0  # requests whose handler has not ended
        self.started = 0  # requests so far
        self.is_draining = False
        self.now = self.loop.time()
        self.date_line = b""
        self._listeners: list[tuple[asyncio.Server, socket.socket]] = []
        self._tick()

    async def listen(self, listener: socket.socket) -> None:
        """Take connections from a listening socket."""
        self._listeners.append((await self.loop.create_server(lambda: Connection(self), sock=listener), listener))

    async def drain(self, *, hands_over: bool = False, at_leisure: bool = False) -> None:
        """Answer every request that arrives while clients learn that we go, then every one under way, then close.

        First each answer says `Connection: close`, while new connections are still served. Then the kernel takes no newcomers,
        those already queued are accepted, and the listening sockets close. A request is only lost if it arrives on an idle
        connection in the very moment of its closing, which RFC 9112 (9.3.1) lets clients repeat.

        With `hands_over` another process serves the same sockets already: new connections and the queue are left to it.
        With `at_leisure` nobody waits for the end, so that connections are closed only when they were silent for a while.
        """
        self.is_draining = True
        if hands_over:
            for server, _ in self._listeners:
                server.close()
            await self._until_quiet()
        else:
            await self._until_quiet()
            await self._close_listeners()
        while self.connections or self.running:
            await asyncio.sleep(0.01)
            now = self.loop.time()
            for connection in list(self.connections):
                connection.end_endless()
                if connection.is_idle and now - connection.silent_since > (LEISURE if at_leisure else self._patience(connection)):
                    connection.close()

    async def _close_listeners(self) -> None:
        for _, listener in self._listeners:
            refuse_newcomers(listener)
        await asyncio.sleep(EMPTYING)
        for server, listener in self._listeners:
            for accepted in take_queued(listener):  # on a busy machine the loop may not have come round to them
                await self.loop.connect_accepted_socket(lambda: Connection(self), accepted)
            server.close()

    @staticmethod
    def _patience(connection: Connection) -> float:
        """Seconds of silence that a connection is granted when the server ends."""
        return 0.0 if connection.has_asked else FRESH

    async def _until_quiet(self) -> None:
        """Until no request has come for a moment, at most LINGER seconds."""
        ends = self.loop.time() + LINGER
        seen, since = self.started, self.loop.time()
        while (now := self.loop.time()) < ends and now - since < QUIET:
            await asyncio.sleep(0.01)
            if self.started != seen:
                seen, since = self.started, self.loop.time()

    def _tick(self) -> None:
        self.now = self.loop.time()
        self.date_line = f"date: {formatdate(usegmt=True)}\r\n".encode()
        for connection in list(self.connections):
            connection.check(self.now)
        self.loop.call_later(1.0, self._tick)
