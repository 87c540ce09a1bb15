"""Answers leave in small groups: a write that wakes a sleeping client costs three times as much as one to a waking client."""

import asyncio

MOST_WAITING = 8  # so that no answer waits for more than a few others


class Outbox:
    """Writes what was put into it at the end of the loop's turn, or when it holds `MOST_WAITING` pieces, in order."""

    __slots__ = ("_loop", "_waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[tuple[asyncio.Transport, bytes]] = []

    def put(self, transport: asyncio.Transport, data: bytes) -> None:
        """Write soon."""
        waiting = self._waiting
        waiting.append((transport, data))
        if len(waiting) == 1:
            self._loop.call_soon(self.flush)
        elif len(waiting) >= MOST_WAITING:
            self.flush()

    def flush(self) -> None:
        """Write now."""
        waiting, self._waiting = self._waiting, []
        for transport, data in waiting:
            if not transport.is_closing():
                transport.write(data)
