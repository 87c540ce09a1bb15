"""How patient we are with one port."""

from dataclasses import dataclass
from datetime import timedelta

from ..errors import MainspringError, Unavailable


class NotDone(Unavailable):
    """The other side certainly did nothing (connection refused, 429): any method may be tried again.

    For adapters to raise. Whatever else fails leaves open what happened, and only idempotent methods are tried again.
    """


@dataclass(frozen=True, slots=True)
class Policy:
    """For all methods of a port, under the `name` that metrics and logs show.

    A call gets `deadline` in all, and each try at most `timeout` of it. `idempotent` names the methods that may be tried again
    whatever happened, up to `attempts` times with pauses of `pause`, doubled each time, at most `longest_pause`, with jitter.
    `concurrency` calls run at once in this process, `queue` more wait, and the rest is shed. When of the last `window` answers
    `failures` or more, and at least half, were failures, the circuit opens for `open_for`; then one probe decides, and each
    failed probe doubles the time, up to `longest_open`.
    """

    name: str
    deadline: timedelta = timedelta(seconds=10)
    timeout: timedelta = timedelta(seconds=10)
    attempts: int = 3
    idempotent: frozenset[str] = frozenset()
    pause: timedelta = timedelta(milliseconds=100)
    longest_pause: timedelta = timedelta(seconds=2)
    concurrency: int = 32
    queue: int = 128
    failures: int = 5
    window: int = 20
    open_for: timedelta = timedelta(seconds=5)
    longest_open: timedelta = timedelta(minutes=1)

    def __post_init__(self) -> None:
        if min(self.attempts, self.concurrency, self.failures) < 1 or self.queue < 0 or self.window < self.failures:
            raise ValueError(f"the policy of {self.name} allows nothing")


def is_failure(error: BaseException) -> bool:
    """Whether it speaks against the other side. An expected refusal (a declined card) is an answer like any other."""
    return isinstance(error, Unavailable) or (isinstance(error, Exception) and not isinstance(error, MainspringError))


def is_repeatable(error: BaseException) -> bool:
    """Whether another try may end better: nothing answered, or not in time. A bug of ours is not."""
    return isinstance(error, Unavailable | TimeoutError | OSError)
