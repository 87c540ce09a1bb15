"""Answers shared by all machines: who finds one takes it, who does not loads it under a lease while others wait (R-239)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from .. import clock, tasks
from ..errors import Unavailable
from .news import Newsroom
from .ports import Look, Shared
from .versions import Mark

if TYPE_CHECKING:
    from .question import Question

T = TypeVar("T")
FIRST_PAUSE, LONGEST_PAUSE = 0.01, 0.1  # seconds between two looks at what somebody else loads


class Sharing:
    """Whatever goes wrong with Redis is counted here, and costs the caller its deadline once."""

    def __init__(self, shared: Shared, news: Newsroom, lease: float) -> None:
        self._shared, self._news, self._lease = shared, news, lease

    async def looked(self, asked: "Question", token: str, mark: Callable[[], Mark]) -> tuple[float, Mark, Look | None]:
        """What is shared, with the moment and the mark from before it was looked at. Without it the caller loads for himself:
        Redis does not answer, or it may still hold what this process knows to be old.

        While another process loads, its answer is waited for, no longer than its lease.
        """
        ends, pause = clock.monotonic() + self._lease, FIRST_PAUSE
        while True:
            began, marked = clock.monotonic(), mark()
            look = None
            if not self._news.is_untold(asked.key, asked.tags):
                look = await self._tried(asked, self._shared.look(asked.key, asked.tags, token, self._lease))
            if look is None or look.payload is not None or look.loads or began >= ends:
                return began, marked, look
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)

    async def found(self, asked: "Question") -> tuple[bytes, float] | None:
        """An answer and the seconds it has left, and nobody is expected to load it otherwise."""
        if self._news.is_untold(asked.key, asked.tags):
            return None
        look = await self._tried(asked, self._shared.look(asked.key, asked.tags, "", 0.0))
        return None if look is None or look.payload is None else (look.payload, look.left)

    async def keep(self, asked: "Question", look: Look, token: str, payload: bytes, ttl: float) -> None:
        """Share an answer and end the lease."""
        await self._tried(asked, self._shared.keep(asked.key, asked.tags, look, token, payload, ttl))

    async def put(self, asked: "Question", payload: bytes, ttl: float) -> None:
        """Share an answer, whatever there was."""
        await self._tried(asked, self._shared.put(asked.key, asked.tags, payload, ttl))

    async def release(self, asked: "Question", token: str) -> None:
        """End the lease without an answer."""
        await self._tried(asked, self._shared.release(asked.key, token))

    @contextlib.asynccontextmanager
    async def leased(self, asked: "Question", token: str) -> AsyncIterator[None]:
        """Hold the lease as long as the loading takes; give it back when it fails."""
        renewing = tasks.start(self._renewing(asked, token), name="renew a lease of the cache")
        try:
            yield
        except BaseException:
            # in a task of its own: the caller may be cancelled, and need not wait
            tasks.start(self.release(asked, token), name="release a lease of the cache")
            raise
        finally:
            renewing.cancel()

    async def _renewing(self, asked: "Question", token: str) -> None:
        while True:
            await asyncio.sleep(self._lease / 2)
            await self._tried(asked, self._shared.renew(asked.key, token, self._lease))

    async def _tried(self, asked: "Question", call: Awaitable[T]) -> T | None:
        try:
            return await call
        except Unavailable:
            asked.figures.failed("redis")
            return None
