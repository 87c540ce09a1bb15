"""The decorators of a module's `jobs.py`: what runs in the background, and when."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal, TypeVar

from .control import Backoff
from .rates import Rate
from .timetable import CronTimes, EveryTimes, Missed, Times

F = TypeVar("F", bound=Callable[..., Any])
MARK = "__mainspring_job__"


@dataclass(frozen=True, slots=True)
class Options:
    """How a job is run; what `@job` takes."""

    queue: str = "default"
    attempts: int = 10
    timeout: timedelta = timedelta(minutes=5)
    backoff: Backoff = field(default_factory=Backoff)
    priority: int = 0
    concurrency: int | None = None
    concurrency_key: Callable[[Any], str] | None = None
    rate: Rate | None = None
    isolated: bool = False
    history: timedelta = timedelta(days=7)

    def __post_init__(self) -> None:
        if not self.queue or len(self.queue) > 60 or set(self.queue) & set(":, "):
            raise ValueError(f"{self.queue!r} cannot name a queue: at most 60 characters, no comma, colon or space")
        if self.attempts < 1 or (self.concurrency is not None and self.concurrency < 1):
            raise ValueError("attempts and concurrency begin at 1")
        if self.timeout <= timedelta(0) or self.history < timedelta(0):
            raise ValueError("a timeout must be positive, and history must not be negative")

    @property
    def is_limited(self) -> bool:
        """Whether starts of this job are counted over all processes."""
        return self.concurrency is not None or self.rate is not None

    def of_key(self, payload: Any) -> str | None:
        """The key that its concurrency is counted by."""
        return None if self.concurrency_key is None else self.concurrency_key(payload)


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a decorator leaves on the function."""

    options: Options = Options()
    times: Times | None = None
    missed: Missed = "once"


def job(
    *,
    queue: str = "default",
    attempts: int = 10,
    timeout: timedelta = timedelta(minutes=5),
    backoff: Backoff | None = None,
    priority: int = 0,
    concurrency: int | None = None,
    concurrency_key: Callable[[Any], str] | None = None,
    rate: str | None = None,
    isolated: bool = False,
    history: timedelta = timedelta(days=7),
) -> Callable[[F], F]:
    """Make the function a job: `uow.enqueue(order)` runs it later, in this or another process.

    A higher `priority` goes first. `concurrency` is how many run at once over all processes, counted for each key when
    `concurrency_key` is given (a function from the order to a text; 1 unless `concurrency` says otherwise). `rate` such as
    `100/m` (`s`, `m`, `h`, `d`) is how many may start in any such span. `isolated` runs it in a process of its own, which a
    timeout kills. Finished rows are kept for `history`. Raises ValueError when a value cannot be meant.
    """
    options = Options(
        queue=queue,
        attempts=attempts,
        timeout=timeout,
        backoff=backoff or Backoff(),
        priority=priority,
        concurrency=1 if concurrency is None and concurrency_key is not None else concurrency,
        concurrency_key=concurrency_key,
        rate=None if rate is None else Rate.of(rate),
        isolated=isolated,
        history=history,
    )
    return lambda function: _mark(function, options=options)


def every(period: timedelta, *, missed: Literal["skip", "once", "all"] = "once") -> Callable[[F], F]:
    """Run the job once in every period, over all processes together.

    `missed` says what happens to ticks that nobody could enqueue in time: none of them, one for all, or each (at most 100).
    """
    times = EveryTimes(period)
    return lambda function: _mark(function, times=times, missed=missed)


def cron(expression: str, *, zone: str = "UTC", missed: Literal["skip", "once", "all"] = "once") -> Callable[[F], F]:
    """Run the job when the cron expression says so in the time zone, once over all processes together.

    An hour that the clocks skip in spring runs right after it, one that comes twice in autumn runs once. Raises ValueError for an
    expression or a zone that does not exist.
    """
    times = CronTimes(expression, zone)
    return lambda function: _mark(function, times=times, missed=missed)


def declaration_of(function: Any) -> Declaration | None:
    """What was declared for the function; None when it is no job."""
    found = getattr(function, MARK, None)
    return found if isinstance(found, Declaration) else None


def _mark(function: F, **changes: Any) -> F:
    setattr(function, MARK, replace(declaration_of(function) or Declaration(), **changes))
    return function
