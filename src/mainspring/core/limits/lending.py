"""What is asked of a tally, what it answers, and who keeps tallies (D-25)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar
from uuid import UUID

from .tally import Tally

T = TypeVar("T")
K = TypeVar("K", contravariant=True)
Written = Mapping[str, Any]  # Any: JSON


@dataclass(frozen=True, slots=True)
class Wish:
    """One visit to a tally of `limit` in any `window` seconds.

    `needed` are used at this moment, `wanted` more for later, as a loan of this id until then. What was used of the loan `ended`
    is told by slot; `used` without one are requests that were counted elsewhere and are added whatever the limit is.
    """

    limit: int
    window: float
    now: float
    needed: int
    wanted: int = 0
    loan: str = ""
    until: float = 0.0
    ended: str | None = None
    used: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lent:
    """How many of the needed are granted, how many are lent for later, how many stay free, and in how many seconds more are."""

    granted: int
    later: int
    free: int
    free_in: float


class Lender(Protocol):
    """Keeps tallies where every process finds them."""

    async def lend(self, key: str, wish: Wish) -> Lent:
        """Settle a wish with the tally of `key`; nobody else changes it between. Raises Unavailable."""
        ...


class QuickLender(Lender, Protocol):
    """Keeps tallies so near that nobody needs to wait."""

    def lend_at_once(self, key: str, wish: Wish) -> Lent:
        """The same without waiting."""
        ...


class TallyStore(Protocol[K]):
    """Keeps tallies as JSON."""

    async def change(self, key: K, deed: Callable[[Written | None], tuple[Written, T]]) -> T:
        """Give the tally of `key` to `deed` and keep what it makes of it; nobody else changes it between. None: there is none."""
        ...


class ByStore:
    """Settles wishes with tallies that are kept as JSON, by the id of what is counted."""

    def __init__(self, tallies: TallyStore[UUID]) -> None:
        self.tallies = tallies

    async def lend(self, key: str, wish: Wish) -> Lent:
        """Settle a wish."""

        def deed(written: Written | None) -> tuple[Written, Lent]:
            tally = Tally.read(wish.window, written)
            lent = settle(tally, wish)
            return tally.written(), lent

        return await self.tallies.change(UUID(key), deed)


def settle(tally: Tally, wish: Wish) -> Lent:
    """What a tally answers to a wish, and what it holds afterwards."""
    if wish.ended is not None:
        tally.report(wish.ended, wish.used)
    elif wish.used:
        tally.add(wish.used)
    granted, later = tally.lend(wish.loan, wish.needed, wish.wanted, wish.limit, wish.now, wish.until)
    return Lent(granted, later, max(0, wish.limit - tally.taken), tally.free_in(wish.now))
