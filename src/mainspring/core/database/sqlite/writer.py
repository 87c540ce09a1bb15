"""The one writer of a process: units run one after another inside savepoints of a shared transaction, and one COMMIT per turn of
the event loop answers all of them (group commit, docs/decisions). Everything here runs on the loop's thread."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic

from ...observability.logs import get_logger
from ..errors import DatabaseUnavailable
from ..options import DatabaseOptions
from .connecting import connect
from .process_lock import ProcessLock
from .refusals import refusal

LARGEST_GROUP = 64
RETRY_SECONDS = 0.005
log = get_logger(__name__)


class Group:
    """The units that share one transaction: `members` in all, `seen` when the loop last looked whether somebody joined.

    `lost` holds why the transaction ended, if it did not end well.
    """

    __slots__ = ("answers", "ended", "lost", "members", "scheduled", "seen")

    def __init__(self) -> None:
        self.answers: list[asyncio.Future[None]] = []
        self.members = self.seen = 0
        self.scheduled = self.ended = False
        self.lost: Exception | None = None


class Writer:
    """Lets units in one at a time and commits for them."""

    def __init__(self, path: Path, options: DatabaseOptions) -> None:
        self.connection = connect(path, synchronous=options.synchronous)
        self.execute = self.connection.execute
        self.group = Group()
        self.commits = 0
        self.on_commit: Callable[[], None] = _nothing
        self._lock = ProcessLock(path)
        self._timeout = options.acquire_timeout
        self._held = False
        self._open = False
        self._due = False
        self._entering: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        """How many units wait for their turn."""
        return sum(not turn.done() for turn in self._entering)

    async def enter(self, *, alone: bool = False) -> Group:
        """Wait for the turn, open the shared transaction if need be, and set the unit's savepoint.

        Raises DatabaseUnavailable when the turn does not come in time.
        """
        deadline = monotonic() + self._timeout
        if self._held:
            await self._turn(deadline)
        self._held = True
        try:
            if alone and self._open:
                self._commit()
            if not self._open:
                await self._begin(deadline)
            self.execute("SAVEPOINT unit")
        except BaseException:
            self._pass_on()
            raise
        self.group.members += 1
        return self.group

    def leave(self, *, changed: bool) -> "asyncio.Future[None] | None":
        """Let the next unit in. A unit that changed something waits for the future: it ends with the commit."""
        answer: asyncio.Future[None] | None = None
        if changed:
            answer = asyncio.get_running_loop().create_future()
            self.group.answers.append(answer)
        if not self.group.scheduled:
            self.group.scheduled = True
            asyncio.get_running_loop().call_soon(self._turn_ends, self.group)
        self._pass_on()
        return answer

    async def alone(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do something while nobody writes, here or in another process. The next unit begins a new transaction."""
        await self.enter(alone=True)
        try:
            await work()
        finally:
            self.execute("RELEASE unit")
            self._commit()
            self._pass_on()

    def lost(self, error: Exception) -> bool:
        """Whether the shared transaction is gone after `error`; if so everyone in it gets the error."""
        if self.connection.in_transaction or not self._open:
            return False
        self._answer(error)
        return True

    def close(self) -> None:
        """Commit what is open and close."""
        if self._open and not self._held:
            self._commit()
        self.connection.close()
        self._lock.close()

    async def _turn(self, deadline: float) -> None:
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._entering.append(turn)
        alarm = loop.call_at(loop.time() + deadline - monotonic(), _expire, turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:  # the turn came in the same moment
                self._pass_on()
            raise
        finally:
            alarm.cancel()

    async def _begin(self, deadline: float) -> None:
        if not self._lock.acquire_now():
            await self._lock.acquire(max(0.0, deadline - monotonic()))
        while True:
            try:
                self.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:  # a program that does not queue on the lock writes just now
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > deadline:
                    self._lock.release()
                    if (told := refusal(error)) is not error:
                        raise told from error
                    raise
                try:
                    await asyncio.sleep(RETRY_SECONDS)
                except asyncio.CancelledError:
                    self._lock.release()
                    raise
            else:
                self._open = True
                self.group = Group()
                return

    def _pass_on(self) -> None:
        """Give the turn to the next who waits; commit first when the turn is over and nobody waits, or the group is large."""
        entering = self._entering
        while entering and entering[0].done():
            entering.popleft()
        if self._due and self._open and (not entering or self.group.members >= LARGEST_GROUP):
            self._commit()
        if entering:
            entering.popleft().set_result(None)
        else:
            self._held = False

    def _turn_ends(self, group: Group) -> None:
        if group is not self.group or not self._open:
            return
        if self._held:
            self._due = True
        elif group.seen < group.members < LARGEST_GROUP:
            # Somebody joined in this turn, so more may have arrived meanwhile: groups twice as large, half as many syncs.
            group.seen = group.members
            asyncio.get_running_loop().call_soon(self._turn_ends, group)
        else:
            self._commit()

    def _commit(self) -> None:
        try:
            self.execute("COMMIT")
        except sqlite3.Error as error:
            log.error("commit_failed", error=error, units=len(self.group.answers))
            if self.connection.in_transaction:
                self.execute("ROLLBACK")
            self._answer(error)
        else:
            self.commits += 1
            self._answer(None)
            self.on_commit()

    def _answer(self, error: Exception | None) -> None:
        """The shared transaction has ended: free the file for other processes and answer everyone in the group."""
        self._open = self._due = False
        self._lock.release()
        group, self.group = self.group, Group()
        group.ended, group.lost = True, error
        for answer in group.answers:
            if not answer.done():
                if error is None:
                    answer.set_result(None)
                else:
                    answer.set_exception(_told(error))


def _nothing() -> None:
    """Until checkpoints listen."""


def _expire(turn: "asyncio.Future[None]") -> None:
    if not turn.done():
        turn.set_exception(DatabaseUnavailable())


def _told(error: Exception) -> Exception:
    """An error of its own for each who waited; a shared one would collect their traces."""
    told = refusal(error)
    if told is error:
        return DatabaseUnavailable()
    return type(told)(str(told))
