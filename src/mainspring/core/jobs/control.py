"""What a job says about itself by raising, and what becomes of one that failed."""

import random
from dataclasses import dataclass
from datetime import timedelta

LARGEST_POWER = 63


class GiveUp(Exception):
    """Trying again is useless: the job is dead at once. The text is kept, so it never holds secrets."""


class Snooze(Exception):
    """Run me later. No attempt is used up."""

    def __init__(self, delay: timedelta) -> None:
        super().__init__(f"later, in {delay}")
        self.delay = delay


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long a failed job waits: `first` times `factor` for each further failure, at most `longest`.

    With `jitter` the wait is drawn evenly from zero to that (full jitter), so that those who failed together do not come back
    together; at least a tenth of `first` passes.
    """

    first: timedelta = timedelta(seconds=2)
    factor: float = 2.0
    longest: timedelta = timedelta(minutes=15)
    jitter: bool = True

    def __post_init__(self) -> None:
        if self.first < timedelta(0) or self.longest < self.first or self.factor < 1:
            raise ValueError("a backoff needs 0 <= first <= longest and a factor of at least 1")

    def delay(self, failures: int) -> timedelta:
        """The wait after so many failures, the latest included."""
        power = min(max(failures - 1, 0), LARGEST_POWER)
        most = min(self.first.total_seconds() * self.factor**power, self.longest.total_seconds())
        if not self.jitter:
            return timedelta(seconds=most)
        return timedelta(seconds=random.uniform(min(self.first.total_seconds() / 10, most), most))  # noqa: S311  no secret
