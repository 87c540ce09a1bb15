"""Work that one process at a time does for all of them."""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from typing import Any

from .. import tasks
from ..errors import MainspringError
from ..observability.logs import get_logger
from .lease import Lease

log = get_logger(__name__)
BEAT_SECONDS = 3.0


class Duty:
    """Runs `works`, which never end by themselves, for as long as this process holds the lease."""

    def __init__(self, lease: Lease, *works: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._lease, self._works = lease, works
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Ask for the lease from now on."""
        if self._task is None:
            self._task = tasks.start(self._keep(), name=f"duty {self._lease.name}", context=contextvars.Context())

    async def stop(self) -> None:
        """Work no more, and leave the lease to the next process that asks."""
        if self._task is None:
            return
        await tasks.stop(self._task)
        self._task = None
        try:
            await self._lease.let_go()
        except MainspringError as error:  # the next one takes over when the lease has run out
            log.warn("lease_kept", name=self._lease.name, reason=str(error))

    async def _keep(self) -> None:
        while True:
            if await self._holds():
                try:
                    await self._work()
                except Exception:  # whatever it is, somebody must go on
                    log.exception("duty_failed", name=self._lease.name)
            await asyncio.sleep(BEAT_SECONDS)

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(work()) for work in self._works]
            held = True
            while held:
                await asyncio.sleep(BEAT_SECONDS)
                held = await self._holds()
            log.warn("lease_lost", name=self._lease.name)
            for task in running:
                task.cancel()

    async def _holds(self) -> bool:
        try:
            return await self._lease.hold()
        except MainspringError as error:
            log.warn("lease_unknown", name=self._lease.name, reason=str(error))
            return False
