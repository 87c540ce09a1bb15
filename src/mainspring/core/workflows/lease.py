"""Keeps the workflows that are carried here and now from being carried elsewhere: their jobs stand by, always a lease ahead."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from .. import clock, tasks
from ..context import Context
from ..errors import Unavailable
from ..observability.logs import get_logger
from . import handover
from .handover import LEASE
from .journal import Journal

if TYPE_CHECKING:
    from ..application import Application

RENEW_EVERY = LEASE / 3
log = get_logger(__name__)


class Leases:
    """One task a process renews every lease in one unit. A process that dies, or is stopped, renews none."""

    def __init__(self, application: "Application", renew_every: timedelta = RENEW_EVERY) -> None:
        self._application = application
        self._renew_every = renew_every
        self._held: dict[UUID, Journal] = {}
        self._renewing: asyncio.Task[None] | None = None

    def hold(self, journal: Journal) -> None:
        """Renew the lease of this workflow from now on."""
        self._held[journal.instance.id] = journal
        if self._renewing is None or self._renewing.done():
            self._renewing = tasks.start(self._renew(), name="workflow leases")

    def release(self, journal: Journal) -> None:
        """It has ended, waits, or is lost."""
        del self._held[journal.instance.id]

    async def stop(self) -> None:
        """Renew no more."""
        if self._renewing is not None:
            await tasks.stop(self._renewing)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._renew_every.total_seconds())
            carried = [journal.instance for journal in self._held.values() if not journal.is_new]
            jobs = [one.job_id for one in carried if one.job_id is not None and one.resume_at is None and not one.has_ended]
            if not jobs:
                continue
            try:
                async with self._application.unit(Context(path="workflow leases")) as uow:
                    await handover.postpone(uow, jobs, clock.after(LEASE))
            except Unavailable as problem:
                log.warn("leases_not_renewed", workflows=len(jobs), reason=str(problem))
