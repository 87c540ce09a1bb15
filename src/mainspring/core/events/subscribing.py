"""The decorator of a module's `subscribers.py`: what is done when a fact happens."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from ..jobs.control import Backoff
from ..jobs.declaring import job
from ..module import BootRefused
from .event import Event

F = TypeVar("F", bound=Callable[..., Any])
MARK = "__mainspring_subscriber__"


def subscribe(
    *kinds: type[Event],
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
    """Have the function called once for every fact of these kinds; a base class stands for every kind derived from it.

    It is a job: its parameters are found by annotation, the options mean what they mean for `@job`, and what it writes through
    its unit happens exactly once. Facts about the same thing reach it one after another in the order of their commits.
    Raises BootRefused for a kind that is no event, and ValueError for an option that cannot be meant.
    """
    for kind in kinds:
        if not (isinstance(kind, type) and issubclass(kind, Event)):
            raise BootRefused(f"A subscriber names {getattr(kind, '__name__', kind)!s}, which is no event.")
    if not kinds:
        raise BootRefused("A subscriber names no event: write @subscribe(OrderPaid).")
    as_job = job(
        queue=queue,
        attempts=attempts,
        timeout=timeout,
        backoff=backoff,
        priority=priority,
        concurrency=concurrency,
        concurrency_key=concurrency_key,
        rate=rate,
        isolated=isolated,
        history=history,
    )

    def mark(function: F) -> F:
        setattr(function, MARK, kinds)
        return as_job(function)

    return mark


def kinds_of(function: Any) -> tuple[type[Event], ...]:
    """What the function is subscribed to; empty when it is no subscriber."""
    found = getattr(function, MARK, ())
    return found if isinstance(found, tuple) else ()
