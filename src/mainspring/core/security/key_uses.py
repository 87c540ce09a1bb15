"""When API keys were last used: noted at most once a minute for each key, behind the requests (R-099)."""

import asyncio
import contextvars
from collections.abc import Callable
from uuid import UUID

from .. import clock, tasks
from .ports import KeySource

NOTE_AGAIN = 60.0  # seconds
GATHER = 1.0  # seconds in which uses of other keys join the same write
CAPACITY = 10_000


class KeyUses:
    """The uses of this process that are not written yet. Other processes note their own; the write says which is the newest."""

    def __init__(self, keys: KeySource, *, monotonic: Callable[[], float] = clock.monotonic) -> None:
        self.keys, self.monotonic = keys, monotonic
        self._again: dict[UUID, float] = {}
        self._waiting: set[UUID] = set()
        self._timer: asyncio.TimerHandle | None = None

    def note(self, key_id: UUID) -> None:
        """The key is used now."""
        now = self.monotonic()
        if self._again.get(key_id, 0.0) > now:
            return
        if len(self._again) >= CAPACITY:
            self._again = {id: again for id, again in self._again.items() if again > now}
        self._again[key_id] = now + NOTE_AGAIN
        self._waiting.add(key_id)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER, self._begin)

    async def stop(self) -> None:
        """Write what waits."""
        if self._timer is not None:
            self._timer.cancel()
            await self._write()

    def _begin(self) -> None:
        tasks.start(self._write(), name="note uses of API keys", context=contextvars.Context())

    async def _write(self) -> None:
        self._timer = None
        waiting, self._waiting = self._waiting, set()
        await self.keys.used(waiting)
