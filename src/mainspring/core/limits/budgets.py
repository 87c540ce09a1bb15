"""Budgets of requests that all processes share, without a write for each request (D-25).

A process borrows from the tally of a budget, at first one request, then as many as it lately used in five seconds, at most a
twentieth of the limit; only what already waits may be more. So a busy caller costs one write in five seconds and process, a quiet
one a write for each request, and near the limit every request is asked for.
"""

import asyncio
import contextvars
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar
from uuid import UUID

from .. import ids, tasks
from ..errors import TooManyRequests
from .tally import Tally, whole_seconds

T = TypeVar("T")
WINDOW = 60.0  # seconds; limits are given per minute
LOAN = WINDOW / 12  # seconds that a loan may be used
MOST_LENT = 20  # a loan for later is at most this part of the limit
LOOK_AGAIN = 1.0  # seconds after which somebody refused is looked at anew: others may have given back

Written = Mapping[str, Any]  # Any: JSON


class TallyStore(Protocol):
    """Keeps tallies where every process finds them."""

    async def change(self, key: UUID, deed: Callable[[Written | None], tuple[Written, T]]) -> T:
        """Give the tally of `key` to `deed` and keep what it makes of it; nobody else changes it between. None: there is none."""
        ...


class _Loan:
    __slots__ = ("id", "left", "size", "until", "used")

    def __init__(self, until: float) -> None:
        self.id = ids.secret(6)
        self.left = self.size = 0
        self.until = until
        self.used: dict[int, int] = {}


class Budgets:
    """The loans of this process. `now` tells the time of day, which the machines must agree on to a second."""

    def __init__(self, tallies: TallyStore, *, window: float = WINDOW, now: Callable[[], float] = time.time) -> None:
        self.tallies, self.window, self.now = tallies, window, now
        self.loan_seconds = LOAN * window / WINDOW
        self._slots = Tally(window)
        self._loans: dict[UUID, _Loan] = {}
        self._borrowing: dict[UUID, asyncio.Task[None]] = {}
        self._waiting: Counter[UUID] = Counter()
        self._refused: dict[UUID, tuple[float, float]] = {}

    def take(self, key: UUID) -> bool:
        """Use one request of what is lent; False when nothing is, then await `borrow`."""
        loan = self._loans.get(key)
        if loan is None or not loan.left:
            return False
        now = self.now()
        if now >= loan.until:
            return False
        loan.left -= 1
        slot = self._slots.slot(now)
        loan.used[slot] = loan.used.get(slot, 0) + 1
        return True

    async def borrow(self, key: UUID, limit: int) -> None:
        """Use one request of the budget, of which there are `limit` in any window. Raises TooManyRequests."""
        while not self.take(key):
            self._refuse_at_once(key)
            running = self._borrowing.get(key)
            if running is None:
                running = tasks.start(self._borrowed(key, limit), name="borrow from a budget", context=contextvars.Context())
                self._borrowing[key] = running
            self._waiting[key] += 1
            try:
                await asyncio.shield(running)
            finally:
                self._waiting[key] -= 1
                if not self._waiting[key]:
                    del self._waiting[key]

    def _refuse_at_once(self, key: UUID) -> None:
        """A caller who goes on asking costs no further look at the tally for a second."""
        refused = self._refused.get(key)
        if refused is None:
            return
        look_again, free = refused
        now = self.now()
        if now < look_again:
            raise TooManyRequests(retry_after=whole_seconds(free - now))
        del self._refused[key]

    async def _borrowed(self, key: UUID, limit: int) -> None:
        try:
            await asyncio.sleep(0)  # whoever asks in the same turn of the loop waits too, and is counted
            now, before = self.now(), self._loans.pop(key, None)
            needed, wanted = max(1, self._waiting[key]), min(self._size_after(before, now), limit // MOST_LENT)
            loan = _Loan(now + self.loan_seconds)

            def lend(written: Written | None) -> tuple[Written, tuple[int, float]]:
                tally = Tally.read(self.window, written)
                if before is not None:
                    tally.report(before.id, before.used)
                lent = tally.lend(loan.id, needed, wanted, limit, now, loan.until)
                return tally.written(), (lent, tally.free_in(now))

            lent, free_in = await self.tallies.change(key, lend)
            if lent:
                loan.left = loan.size = lent
                self._loans[key] = loan
                asyncio.get_running_loop().call_later(self.loan_seconds + self._slots.slot_seconds, self._over, key, loan)
            else:
                self._refused[key] = (now + min(free_in, LOOK_AGAIN), now + free_in)
        finally:
            del self._borrowing[key]

    def _size_after(self, before: _Loan | None, now: float) -> int:
        """Twice the loan that was used up before its time, else as many as were used."""
        if before is None:
            return 1
        return before.size * 2 if not before.left and now < before.until else before.size - before.left

    def _over(self, key: UUID, loan: _Loan) -> None:
        """Give back what nobody used, unless somebody has done so by borrowing again."""
        if self._loans.get(key) is not loan:
            return
        del self._loans[key]
        if loan.left:
            tasks.start(self._given_back(key, loan), name="give back to a budget", context=contextvars.Context())

    async def _given_back(self, key: UUID, loan: _Loan) -> None:
        def report(written: Written | None) -> tuple[Written, None]:
            tally = Tally.read(self.window, written)
            tally.report(loan.id, loan.used)
            return tally.written(), None

        await self.tallies.change(key, report)
