"""Budgets of requests that all processes share, without a visit to their tallies for each request (D-25).

A process counts a request at the tally of its key. One that comes often borrows there for later, as many as it lately used in a
twelfth of the window, at most a twentieth of the limit and an eighth of what is free. So a busy caller costs one visit for many
requests, a quiet one a visit for each, and near the limit every request is asked for.
"""

import asyncio
import contextvars
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from .. import ids, tasks
from ..errors import TooManyRequests
from .lending import Lender, Lent, QuickLender, Wish
from .tally import Tally, whole_seconds

K = TypeVar("K", bound=Hashable)
WINDOW = 60.0  # seconds
LOANS = 12  # a loan may be used for this part of the window
MOST_LENT = 20  # a loan for later is at most this part of the limit
LOOK_AGAIN = 1.0  # seconds after which somebody refused is looked at anew: others may have given back
MOST_KNOWN = 10_000  # keys that have a loan, of which a process remembers how busy they are, and that were refused: so many each


class Standing:
    """What is left of a budget: `left` of a loan, `free` for everybody else, more at the moment `renews_at`."""

    __slots__ = ("free", "id", "left", "limit", "renews_at", "size", "until", "used")

    def __init__(self, limit: int, lent: Lent, id: str, now: float, until: float) -> None:
        self.limit, self.free, self.renews_at = limit, lent.free, now + lent.free_in
        self.id, self.until = id, until
        self.left = lent.later
        self.size = lent.later + lent.granted
        self.used: dict[int, int] = {}

    @property
    def remaining(self) -> int:
        """How many requests are left, as far as this process knows."""
        return self.left + self.free


class Budgets(Generic[K]):
    """The loans of this process, of which `name` gives the tally of a key its name there.

    `now` tells the time of day, which the machines must agree on to a second.
    """

    def __init__(
        self,
        lender: Lender | QuickLender,
        *,
        window: float = WINDOW,
        name: Callable[[K], str] = str,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.lender, self.window, self.now, self.name = lender, window, now, name
        self.loan_seconds = window / LOANS
        self._slot_seconds = Tally(window).slot_seconds
        self._at_once: Callable[[str, Wish], Lent] | None = getattr(lender, "lend_at_once", None)
        self._loans: dict[K, Standing] = {}
        self._pace: dict[K, tuple[int, float]] = {}  # how many were asked for at once lately, and until when that says anything
        self._refused: dict[K, tuple[float, float]] = {}
        self._waiting: dict[K, list[asyncio.Future[Standing]]] = {}
        self._asking: set[K] = set()

    def take(self, key: K) -> Standing | None:
        """Use one request of what is lent; None when nothing is, then await `borrow`."""
        loan = self._loans.get(key)
        if loan is None or not loan.left:
            return None
        now = self.now()
        if now >= loan.until:
            return None
        loan.left -= 1
        slot = int(now / self._slot_seconds)
        loan.used[slot] = loan.used.get(slot, 0) + 1
        return loan

    async def borrow(self, key: K, limit: int) -> Standing:
        """Use one request of the budget, of which there are `limit` in any window. Raises TooManyRequests."""
        if (standing := self.take(key)) is not None:
            return standing
        self._refuse_at_once(key)
        if self._at_once is not None:
            before, wish = self._wish(key, limit, 1)
            return self._settled(key, wish, self._at_once(self.name(key), wish), before)[0]
        waiting: asyncio.Future[Standing] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(waiting)
        if key not in self._asking:
            self._asking.add(key)
            tasks.start(self._ask(key, limit), name="borrow from a budget", context=contextvars.Context())
        return await waiting

    def _refuse_at_once(self, key: K) -> None:
        """A caller who goes on asking costs no further look at the tally for a second."""
        refused = self._refused.get(key)
        if refused is None:
            return
        look_again, free = refused
        now = self.now()
        if now < look_again:
            raise TooManyRequests(retry_after=whole_seconds(free - now))
        del self._refused[key]

    async def _ask(self, key: K, limit: int) -> None:
        """Ask for all who wait, until nobody does."""
        try:
            await asyncio.sleep(0)  # whoever asks in the same turn of the loop waits too, and is counted
            while waiting := [one for one in self._waiting.pop(key, ()) if not one.done()]:
                try:
                    await self._ask_for(key, limit, waiting)
                except Exception as error:  # each of them gets it
                    for one in waiting:
                        if not one.done():
                            one.set_exception(error)
        finally:
            self._asking.discard(key)

    async def _ask_for(self, key: K, limit: int, waiting: list[asyncio.Future[Standing]]) -> None:
        while waiting and (standing := self.take(key)) is not None:
            waiting.pop().set_result(standing)
        if not waiting:
            return
        before, wish = self._wish(key, limit, len(waiting))
        standing, granted = self._settled(key, wish, await self.lender.lend(self.name(key), wish), before)
        for number, one in enumerate(waiting):
            if one.done():
                continue
            if number < granted:
                one.set_result(standing)
            else:
                one.set_exception(TooManyRequests(retry_after=whole_seconds(standing.renews_at - wish.now)))

    def _wish(self, key: K, limit: int, needed: int) -> tuple[int, Wish]:
        """The wish, and how many at once are wanted from now on."""
        now, loan = self.now(), self._loans.pop(key, None)
        size, until = self._pace.get(key, (1, 0.0))
        if now >= until:
            size = 1 if loan is None else max(1, loan.size - loan.left)
        elif loan is None or not loan.left:
            size *= 2
        size = min(size, max(1, limit // MOST_LENT))
        wish = Wish(
            limit,
            self.window,
            now,
            needed,
            max(0, size - needed) if len(self._loans) < MOST_KNOWN else 0,
            ids.secret(6),
            now + self.loan_seconds,
            None if loan is None else loan.id,
            {} if loan is None else loan.used,
        )
        return size, wish

    def _settled(self, key: K, wish: Wish, lent: Lent, size: int) -> tuple[Standing, int]:
        """Remember what was answered. Raises TooManyRequests when nothing was granted."""
        if not lent.granted and wish.needed:
            _bounded(self._refused)[key] = (wish.now + min(lent.free_in, LOOK_AGAIN), wish.now + lent.free_in)
            raise TooManyRequests(retry_after=whole_seconds(lent.free_in))
        standing = Standing(wish.limit, lent, wish.loan, wish.now, wish.until)
        _bounded(self._pace)[key] = (size, wish.until)
        if lent.later:
            self._loans[key] = standing
            wait = self.loan_seconds + self._slot_seconds
            asyncio.get_running_loop().call_later(wait, self._over, key, standing)
        return standing, lent.granted

    def _over(self, key: K, loan: Standing) -> None:
        """Tell what was used and give back the rest, unless somebody has done so by borrowing again."""
        if self._loans.get(key) is loan:
            del self._loans[key]
            tasks.start(self._given_back(key, loan), name="give back to a budget", context=contextvars.Context())

    async def _given_back(self, key: K, loan: Standing) -> None:
        wish = Wish(loan.limit, self.window, self.now(), 0, ended=loan.id, used=loan.used)
        await self.lender.lend(self.name(key), wish)


V = TypeVar("V")


def _bounded(known: dict[K, V]) -> dict[K, V]:
    """The dictionary with room for one more: what came first leaves first."""
    if len(known) >= MOST_KNOWN:
        del known[next(iter(known))]
    return known
