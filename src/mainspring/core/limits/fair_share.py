"""While what is common does not answer, a machine lends by itself, for its share (D-25)."""

import contextvars
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from .. import tasks
from ..errors import Unavailable
from .budgets import MOST_LENT
from .lending import Lent, QuickLender, Wish
from .ports import Common

MOST_SEEN = 10_000


class LocalTallies(QuickLender, Protocol):
    """The tallies of this machine."""

    def take_out(self) -> list[tuple[str, float, dict[int, int]]]:
        """Empty it: each key with its window and what was used, by slot."""
        ...


class FairShare:
    """Lends from what is common; while that does not answer, from this machine's share of what was free there.

    When it answers again, it hears what was used meanwhile; also after a single call that got no answer.
    """

    def __init__(self, common: Common, local: LocalTallies, *, now: Callable[[], float] = time.time) -> None:
        self.common, self.local, self.now = common, local, now
        self._owes = False  # whether something was counted here that is not handed over yet
        self._seen: dict[str, tuple[int, float]] = {}  # what was free at the last visit, and until when that binds
        common.on_return(self.hand_over)

    async def lend(self, key: str, wish: Wish) -> Lent:
        """Settle a wish."""
        if self.common.is_up:
            try:
                lent = await self.common.lend(key, wish)
            except Unavailable:
                pass  # counted here, for the share of this machine
            else:
                self._remember(key, wish, lent)
                if self._owes:
                    self._owes = False
                    tasks.start(self.hand_over(), name="hand over what was counted", context=contextvars.Context())
                return lent
        self._owes = True
        limit = self.share_of(wish.limit, key, wish.now)
        wanted = min(wish.wanted, limit // MOST_LENT)
        return self.local.lend_at_once(key, replace(wish, limit=limit, wanted=wanted))

    def share_of(self, limit: int, key: str, now: float) -> int:
        """What this machine may let in by itself: its part of what was free when it last heard, at least one."""
        free, until = self._seen.get(key, (limit, 0.0))
        return max(1, (min(free, limit) if now < until else limit) // self.common.machines)

    async def hand_over(self) -> None:
        """Tell what was counted here."""
        self._owes = False
        for key, window, used in self.local.take_out():
            wish = Wish(0, window, self.now(), 0, used=used)
            try:
                await self.common.lend(key, wish)
            except Unavailable:
                self.local.lend_at_once(key, wish)
                self._owes = True

    def _remember(self, key: str, wish: Wish, lent: Lent) -> None:
        if key not in self._seen and len(self._seen) >= MOST_SEEN:
            del self._seen[next(iter(self._seen))]
        self._seen[key] = (lent.free, wish.now + wish.window)
