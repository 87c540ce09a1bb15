"""Erasing sealed successors once their grace window is over (ARCHITECTURE 10 g)."""

import asyncio
import contextvars

from mainspring.core import clock, tasks
from mainspring.core.application import Application

from ..service import RotationService

BATCH_SECONDS = 1.0


class Eraser:
    """One timer a process: it erases what this process sealed. What a killed process left is erased at the next start."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self._waiting: list[tuple[float, str]] = []
        self._timer: asyncio.TimerHandle | None = None

    def after_the_window(self, token_hash: str) -> None:
        """Erase the successor in this token's row, about a second after its window."""
        grace = self.application.settings.refresh_grace.total_seconds()
        if grace:
            self._waiting.append((clock.monotonic() + grace, token_hash))
            self._wait(grace + BATCH_SECONDS)

    def _wait(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._begin)

    def _begin(self) -> None:
        self._timer = None
        now = clock.monotonic()
        due = [token_hash for until, token_hash in self._waiting if until <= now]
        self._waiting = [(until, token_hash) for until, token_hash in self._waiting if until > now]
        if self._waiting:
            self._wait(self._waiting[0][0] - now + BATCH_SECONDS)
        if due:
            tasks.start(self._erase(due), name="erase sealed refresh tokens", context=contextvars.Context())

    async def _erase(self, token_hashes: list[str]) -> None:
        async with self.application.unit() as uow:
            await RotationService(uow).erase(token_hashes)


async def start(application: Application) -> None:
    """Have an eraser, and erase what a killed process left behind."""
    application.ports.singleton(Eraser, lambda: Eraser(application))
    async with application.reading() as uow:
        left = await RotationService(uow).left_sealed()
    if left:
        async with application.unit() as uow:
            await RotationService(uow).erase(left)
