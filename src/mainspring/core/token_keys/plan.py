"""Which key signs when, and how long the others are published. Nothing here asks a database or a clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ..security.keys import PUBLISHED_SECONDS
from ..security.tokens import CLOCK_SKEW, LONGEST_LIFE

POLL = timedelta(seconds=5)  # how often a process looks for new keys
# a new key waits until every process has published it, and whoever keeps the set of before has asked again
AHEAD = timedelta(seconds=PUBLISHED_SECONDS) + 6 * POLL
# an old one stays until the last token that a late process signed with it has ended
KEPT = LONGEST_LIFE + timedelta(seconds=CLOCK_SKEW) + 6 * POLL

State = Literal["next", "signs", "verifies", "ended"]


@dataclass(frozen=True, slots=True)
class KeptKey:
    """A row."""

    generation: int
    key_id: str
    algorithm: str
    public: str
    sealed: str | None
    created_at: datetime
    signs_from: datetime
    ended_at: datetime | None
    leaked: bool

    def began(self, now: datetime) -> bool:
        """Whether it signs or has signed: one that was retired while it waited never did."""
        return self.signs_from <= now and (self.ended_at is None or self.ended_at > self.signs_from)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is true of the keys at one moment."""

    keys: Sequence[KeptKey]  # the newest first
    now: datetime

    @property
    def signing(self) -> KeptKey | None:
        """The newest one whose time has come."""
        return next((key for key in self.keys if key.ended_at is None and key.signs_from <= self.now), None)

    @property
    def next(self) -> KeptKey | None:
        """The newest one that waits."""
        return next((key for key in self.keys if key.ended_at is None and key.signs_from > self.now), None)

    @property
    def published(self) -> list[KeptKey]:
        """Those whose tokens are believed, and the one that is next; the newest first."""
        return [key for key in self.keys if self.state(key) != "ended"]

    def state(self, key: KeptKey) -> State:
        """What the key does now."""
        if key.ended_at is not None:
            return "ended"
        if key.signs_from > self.now:
            return "next"
        until = self.until(key)
        if until is None:
            return "signs"
        return "verifies" if self.now < until else "ended"

    def until(self, key: KeptKey) -> datetime | None:
        """When the last token of a replaced key has ended; None while nothing replaced it."""
        later = [other.signs_from for other in self.keys if other.generation > key.generation and other.began(self.now)]
        return min(later) + KEPT if later else None
