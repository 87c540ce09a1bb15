"""A moving window that any number of processes count in together (D-25): what was used, and what is lent to whom.

The window is cut into slots. A process borrows a few requests at once, uses them without asking, and reports later in which slots
it used them. What is lent counts as used until then, so no window ever holds more than the limit, whoever dies meanwhile.
Nothing here waits or asks: whoever keeps a tally changes it under a lock of his own.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

SLOTS = 100  # of a window; a request counts up to one slot longer than the window
LATE_SLOTS = 3  # that a report may come after the end of the loan
FREE_KEPT = 8  # a loan for later leaves seven eighths of what is free to others


@dataclass(slots=True)
class Tally:
    """What was used by slot, and by the id of each loan how many it is of and until when (seconds since 1970)."""

    window: float
    used: dict[int, int] = field(default_factory=dict)
    lent: dict[str, tuple[int, float]] = field(default_factory=dict)

    @property
    def slot_seconds(self) -> float:
        """How long a slot is."""
        return self.window / SLOTS

    def slot(self, at: float) -> int:
        """The slot of a moment."""
        return int(at / self.slot_seconds)

    @property
    def taken(self) -> int:
        """How many are used or lent."""
        return sum(self.used.values()) + sum(count for count, _ in self.lent.values())

    def report(self, loan: str, used: Mapping[int, int]) -> None:
        """What was used of a loan; the rest is given back. One that is long over was counted as used to the last."""
        if self.lent.pop(loan, None) is not None:
            self.add(used)

    def add(self, used: Mapping[int, int]) -> None:
        """Count what was used, by slot."""
        for slot, count in used.items():
            self.used[slot] = self.used.get(slot, 0) + count

    def lend(self, loan: str, needed: int, wanted: int, limit: int, now: float, until: float) -> tuple[int, int]:
        """Count what is needed as used now, as far as it is free, and lend what is wanted for later, at most a part of the free
        ones; how many of each."""
        self._forget(now)
        free = limit - self.taken
        granted = max(0, min(free, needed))
        if granted:
            self.add({self.slot(now): granted})
        later = max(0, min(wanted, (free - granted) // FREE_KEPT))
        if later:
            self.lent[loan] = (later, until)
        return granted, later

    def spent(self) -> dict[int, int]:
        """What was used by slot, with what is lent as if it was used at the end of its loan."""
        spent = Tally(self.window, dict(self.used))
        for count, until in self.lent.values():
            spent.add({self.slot(until): count})
        return spent.used

    def free_in(self, now: float) -> float:
        """Seconds until one more may be free, when none is."""
        moments = [(slot + SLOTS + 1) * self.slot_seconds for slot in self.used]
        moments = moments or [until for _, until in self.lent.values()]
        return max(0.0, min(moments, default=now) - now)

    def _forget(self, now: float) -> None:
        """Drop what has left the window. What a dead process borrowed counts as used at the end of its loan."""
        for loan, (count, until) in list(self.lent.items()):
            if until + LATE_SLOTS * self.slot_seconds <= now:
                self.report(loan, {self.slot(until): count})
        oldest = self.slot(now) - SLOTS
        for slot in [slot for slot in self.used if slot < oldest]:
            del self.used[slot]

    def written(self) -> dict[str, Any]:  # Any: JSON
        """The tally as JSON values."""
        return {
            "used": {str(slot): count for slot, count in self.used.items()},
            "lent": {loan: [count, until] for loan, (count, until) in self.lent.items()},
        }

    @classmethod
    def read(cls, window: float, written: Mapping[str, Any] | None) -> Self:
        """The tally of what `written` gave; an empty one of nothing."""
        written = written or {"used": {}, "lent": {}}
        return cls(
            window,
            {int(slot): count for slot, count in written["used"].items()},
            {loan: (count, until) for loan, (count, until) in written["lent"].items()},
        )


def whole_seconds(seconds: float) -> int:
    """Rounded up, and at least one: whoever waits that long is not refused for having come too early."""
    return max(1, math.ceil(seconds))
