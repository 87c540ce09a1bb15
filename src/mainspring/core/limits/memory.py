"""Tallies in the memory of the only process."""

from itertools import islice

from .lending import Lent, Wish, settle
from .tally import Tally

MOST_KEYS = 100_000  # about 60 MB; an attacker may have more networks than that
LOOKED_AT = 8  # keys among which the one leaves that used least


class MemoryLender:
    """Keeps what was counted last. When it is full, keys leave that hardly used anything: they are far from any limit."""

    def __init__(self, most: int = MOST_KEYS) -> None:
        self.most = most
        self._tallies: dict[str, Tally] = {}

    async def lend(self, key: str, wish: Wish) -> Lent:
        """Settle a wish."""
        return self.lend_at_once(key, wish)

    def lend_at_once(self, key: str, wish: Wish) -> Lent:
        """Settle a wish."""
        tally = self._tallies.get(key)
        if tally is None:
            if len(self._tallies) >= self.most:
                self._make_room()
            tally = self._tallies[key] = Tally(wish.window)
        return settle(tally, wish)

    def take_out(self) -> "list[tuple[str, float, dict[int, int]]]":
        """Empty it: each key with its window and what was used, by slot; what is lent counts as used."""
        taken, self._tallies = self._tallies, {}
        return [(key, tally.window, tally.spent()) for key, tally in taken.items()]

    def _make_room(self) -> None:
        """Of the keys that came first drop the one that used least; the others get another turn."""
        keys = list(islice(self._tallies, LOOKED_AT))
        oldest = sorted(((key, self._tallies.pop(key)) for key in keys), key=lambda one: one[1].taken)
        self._tallies.update(oldest[1:])
