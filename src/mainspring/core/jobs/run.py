"""One attempt at a job, as its function sees it."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from .. import clock
from .statements import GUARD, PROGRESS

if TYPE_CHECKING:
    from ..application import Application
    from ..context import Context
    from ..database import Database, UnitOfWork
    from .rows import ClaimedJob

PROGRESS_SECONDS = 0.5


class LeaseLost(Exception):
    """This process no longer has the job: it was paused for too long, and another one has it now. Nothing was written."""


class JobRun:
    """The running attempt. `attempt` begins at 1; `tick` is the moment that a schedule meant."""

    def __init__(self, application: "Application", database: "Database", claimed: "ClaimedJob", context: "Context") -> None:
        self.application = application
        self.database = database
        self.id: UUID = claimed.id
        self.name = claimed.name
        self.attempt = claimed.failures + 1
        self.crashes = claimed.crashes
        self.tick: datetime | None = None
        self.owner_id = claimed.owner_id
        self.is_cancelled = False
        self._token = claimed.token
        self._context = context
        self._told_at = 0.0

    @asynccontextmanager
    async def unit(self) -> "AsyncIterator[UnitOfWork]":
        """A short write unit of its own; it commits at the end, apart from the job's outcome, if this process still has the job.

        Raises LeaseLost, and writes nothing, when it has not.
        """
        async with self.database.unit(self._context) as uow:
            yield uow
            if await uow.value(GUARD, id=self.id, token=self._token) is None:
                raise LeaseLost

    def reading(self) -> "AbstractAsyncContextManager[UnitOfWork]":
        """A unit that only reads."""
        return self.database.reading(self._context)

    async def progress(self, done: int, total: int, text: str = "") -> None:
        """Show how far it is. Written at most twice a second, and always when all is done. Raises LeaseLost."""
        moment = clock.monotonic()
        if done < total and moment - self._told_at < PROGRESS_SECONDS:
            return
        self._told_at = moment
        async with self.database.unit(self._context) as uow:
            shown = {"done": done, "total": total, "text": text}
            asked = await uow.one(PROGRESS, id=self.id, token=self._token, progress=shown)
            if asked is None:
                raise LeaseLost
            self.is_cancelled = self.is_cancelled or asked
