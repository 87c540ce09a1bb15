"""Chains the trail while the program runs: one process at a time for each database, woken by whoever commits audit rows."""

import asyncio
import contextlib
import random
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from ..database import Database, DatabaseUnavailable, RunAgain
from ..database.signals import EVERYTHING, Signals
from ..jobs.bell import JobBell
from ..locks import Duty, Lease
from ..observability.logs import get_logger
from .chaining import BATCH, Chainer
from .figures import ALTERED
from .findings import name_of
from .renewing import renew_beginnings
from .seals import Seals
from .verifying import Verifier

if TYPE_CHECKING:
    from ..application import Application

log = get_logger(__name__)
LEASE = "audit chain"
WORD = "audit:rows"  # told on the channel of jobs; no queue can be named so
PAUSE_SECONDS = 0.25  # between two batches: many rows at once cost less than one at a time
POLL_SECONDS = 1.0  # for what nobody told, and for checkpoints that become due
TELL_SECONDS = 0.1
LOOKED_BACK = 1000  # rows of each chain that are checked when this process takes over
OUTAGE_SECONDS = (0.5, 1.5)


class AuditKeeper:
    """Runs in every process that serves or works; those without jobs only tell the others."""

    def __init__(self, application: "Application") -> None:
        every, rows = application.settings.audit.sign_every, application.settings.audit.sign_rows
        seals, bell = application.resolve(Seals), application.resolve(JobBell)
        self.watches = [
            Watch(database, bell.signals_of(database), partial(Chainer, database, seals, every=every, rows=rows))
            for database in application.databases.values()
        ]

    def start(self, *, works: bool = True) -> None:
        """Begin."""
        for watch in self.watches:
            watch.start(works=works)

    async def stop(self) -> None:
        """Chain what is left, if it is our turn, and leave the rest to the next process."""
        for watch in self.watches:
            await watch.stop()


class Watch:
    """The trail of one database."""

    def __init__(self, database: Database, signals: Signals, chainer: Callable[[], Chainer]) -> None:
        self.database = database
        self._signals, self._chainer = signals, chainer
        self._news = asyncio.Event()
        self._telling: asyncio.TimerHandle | None = None
        self._at_work: Chainer | None = None
        self._duty = Duty(Lease(database, LEASE), self._work)

    def start(self, *, works: bool) -> None:
        """Hear of every commit with audit rows, and work when it is our turn."""
        self.database.audited = self._ring
        if works:
            self._duty.start()

    async def stop(self) -> None:
        """The last rows of this process find their places before it ends."""
        self.database.audited = None
        if self._telling is not None:
            self._telling.cancel()
        chainer = self._at_work
        await self._duty.stop()
        if chainer is not None:
            try:
                await chainer.chain_all()
            except (DatabaseUnavailable, RunAgain) as error:  # the next process chains them
                log.warn("audit_chain_left", reason=type(error).__name__)

    def _ring(self) -> None:
        """Called after a commit, so it must cost next to nothing."""
        if self._at_work is not None:
            self._news.set()
        elif self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(TELL_SECONDS, self._tell)

    def _tell(self) -> None:
        self._telling = None
        self._signals.tell([WORD])

    async def _work(self) -> None:
        chainer = self._at_work = self._chainer()
        end = self._signals.listen(self._heard)
        is_new = True
        try:
            while True:
                try:
                    if is_new:
                        await self._look_back(chainer.seals)
                        await renew_beginnings(self.database, chainer.seals)
                        is_new = False
                    await _caught_up(chainer)
                except (DatabaseUnavailable, RunAgain) as error:
                    log.warn("audit_chain_waits", reason=type(error).__name__)
                    await asyncio.sleep(random.uniform(*OUTAGE_SECONDS))  # noqa: S311  no secret
                    continue
                await asyncio.sleep(PAUSE_SECONDS)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS - PAUSE_SECONDS):
                        await self._news.wait()
                self._news.clear()
        finally:
            self._at_work = None
            end()

    def _heard(self, words: frozenset[str]) -> None:
        if WORD in words or words == EVERYTHING:
            self._news.set()

    async def _look_back(self, seals: Seals) -> None:
        """Raise the alarm for what was changed near the ends of chains while nobody was at work."""
        for verdict in await Verifier(self.database, seals).run(newest=LOOKED_BACK):
            for finding in verdict.findings:
                ALTERED.inc()
                log.error("audit_trail_altered", chain=name_of(verdict.chain), reason=finding.sentence)


async def _caught_up(chainer: Chainer) -> None:
    while True:
        if await chainer.chain() < BATCH:
            break
        await asyncio.sleep(0)  # requests go first
    await chainer.sign_due()
