"""Who fills the figures: functions that look after this process, and functions that ask for what all processes share."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ...tasks import start
from ..logs import get_logger
from .instruments import BOOK, counter, gauge
from .reading import FOLDER

if TYPE_CHECKING:
    from ...application import Application

EVERY_SECONDS = 5.0
BEAT_SECONDS = 0.25
DEADLINE_SECONDS = 2.0

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """One figure of the whole installation at the moment of the scrape."""

    name: str
    text: str
    value: float
    labels: dict[str, str] = field(default_factory=dict)
    kind: Literal["gauge", "counter"] = "gauge"


Here = Callable[["Application"], None]
Shared = Callable[["Application"], Awaitable[Iterable[Reading]]]

HERE: list[Here] = []
SHARED: list[Shared] = []

LAG = gauge(
    "mainspring_loop_lag_seconds",
    "How late the event loop came to a timer, the worst of five seconds and of all processes.",
    across="max",
)
FAILED = counter(
    "mainspring_metrics_collector_failures_total", "Collectors that failed or took over two seconds.", ("collector",)
)


def each_process(deed: Here) -> Here:
    """Mark a function that sets gauges of this process. Called every five seconds and at a scrape; it must not wait."""
    HERE.append(deed)
    return deed


def at_scrape(question: Shared) -> Shared:
    """Mark a function that answers readings of the whole installation, such as the depth of a queue in the database.

    Asked by the one process that answers a scrape; whatever takes over two seconds or fails is left out and counted.
    """
    SHARED.append(question)
    return question


def look(application: "Application") -> None:
    """Let every function of this process set its gauges."""
    for deed in HERE:
        try:
            deed(application)
        except Exception as error:  # one that fails must not hide the others
            _failed(deed, error)


async def ask(application: "Application") -> list[Reading]:
    """The readings of the whole installation."""
    answers = await asyncio.gather(*(_asked(question, application) for question in SHARED))
    return [reading for answer in answers for reading in answer]


def keep_metrics(application: "Application") -> "asyncio.Task[None]":
    """Count in the shared folder from now on, and look after this process until the task is cancelled."""
    BOOK.keep_in(application.settings.data_dir / FOLDER)
    return start(_keep_looking(application), name="metrics")


async def _keep_looking(application: "Application") -> None:
    while True:
        look(application)
        worst, until = 0.0, time.monotonic() + EVERY_SECONDS
        while (due := time.monotonic() + BEAT_SECONDS) <= until:
            await asyncio.sleep(BEAT_SECONDS)
            worst = max(worst, time.monotonic() - due)
        LAG.set(worst)


async def _asked(question: Shared, application: "Application") -> list[Reading]:
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return list(await question(application))
    except Exception as error:  # the database may be away; the other figures still count
        _failed(question, error)
        return []


def _failed(deed: object, error: Exception) -> None:
    name = f"{getattr(deed, '__module__', '')}.{getattr(deed, '__qualname__', deed)}"
    FAILED.of(name).inc()
    log.warn("metrics_collector_failed", collector=name, error=f"{type(error).__name__}: {error}")
