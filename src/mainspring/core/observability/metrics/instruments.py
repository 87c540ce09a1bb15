"""Counters, gauges and histograms. Declared once at the top of a file; the same declaration again answers the same object."""

import re
import threading
from bisect import bisect_left
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from ..logs import get_logger
from .cells import SPARE, Cells, Key, locked

NAME = re.compile(r"^[a-z][a-z0-9_]*$")
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
MOST_SERIES = 1000
REST = "(more)"  # where a metric counts whatever comes after MOST_SERIES combinations of labels

log = get_logger(__name__)

Across = Literal["sum", "max", "each"]
S = TypeVar("S", bound="Series")


class _Book:
    """The cells in use, and what was declared. One per process."""

    def __init__(self) -> None:
        self.cells = Cells()
        self.values = self.cells.values
        self.lock = threading.Lock()
        self.declared: dict[str, Instrument[Any]] = {}  # Any: each kind has series of its own

    def keep_in(self, folder: Path) -> None:
        """Count in a file of the folder from now on, from zero; a process calls it once, after it was forked."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.lock:
            with locked(folder):
                cells = Cells(folder)
            cells.take_over(self.cells)
            self.cells.close()
            self.cells, self.values = cells, cells.values

    def place(self, key: Key, length: int) -> int:
        """Where a new series keeps its values. Without room its figures go where nobody reads them, and the log says so once."""
        with self.lock:
            try:
                return self.cells.add(key, length)
            except OverflowError:
                log.warn("metrics_are_full", metric=key.name)
                return len(self.values) - SPARE // 8


BOOK = _Book()


class Series:
    """One combination of labels."""

    __slots__ = ("at", "bounds")

    def __init__(self, key: Key, length: int) -> None:
        self.bounds = key.bounds
        self.at = BOOK.place(key, length)

    @property
    def value(self) -> float:
        """The number of this process; of a histogram the sum."""
        return BOOK.values[self.at]


class CounterSeries(Series):
    """A number that only grows."""

    __slots__ = ()

    def inc(self, amount: float = 1.0) -> None:
        """Count on."""
        with BOOK.lock:
            BOOK.values[self.at] += amount

    def reach(self, total: float) -> None:
        """Take over a number that is counted elsewhere in this process, such as the processor time."""
        BOOK.values[self.at] = total


class GaugeSeries(Series):
    """A number that goes up and down."""

    __slots__ = ()

    def set(self, value: float) -> None:
        """It is this now."""
        BOOK.values[self.at] = value

    def inc(self, amount: float = 1.0) -> None:
        """Up, or down with a negative amount."""
        with BOOK.lock:
            BOOK.values[self.at] += amount


class HistogramSeries(Series):
    """How often which sizes came: the sum, then one count for each bound and one for what lies above them."""

    __slots__ = ()

    def observe(self, value: float) -> None:
        """Note one size, usually in seconds."""
        with BOOK.lock:
            BOOK.values[self.at] += value
            BOOK.values[self.at + 1 + bisect_left(self.bounds, value)] += 1.0

    @property
    def count(self) -> int:
        """How many this process has noted."""
        return int(sum(BOOK.values[self.at + 1 : self.at + 2 + len(self.bounds)]))


class Instrument(Generic[S]):
    """A metric with all its combinations of labels. `of(...)` takes the labels' values in the declared order."""

    kind = ""
    series: type[S]

    def __init__(
        self, name: str, text: str, labels: tuple[str, ...], across: Across = "sum", bounds: tuple[float, ...] = ()
    ) -> None:
        if not NAME.match(name) or not all(NAME.match(label) for label in labels):
            raise ValueError(f"{name} and its labels must be written in lower case with underscores")
        self.name, self.text, self.labels, self.across, self.bounds = name, text, labels, across, bounds
        self._known: dict[tuple[object, ...], S] = {}

    def of(self, *values: object) -> S:
        """The series of these labels. Raises ValueError for another number of them than was declared."""
        found = self._known.get(values)
        return self._new(values) if found is None else found

    def matches(self, other: "Instrument[Any]") -> bool:
        """Whether both were declared alike."""
        mine, its = ((one.kind, one.labels, one.across, one.bounds) for one in (self, other))
        return mine == its

    def _new(self, values: tuple[object, ...]) -> S:
        if len(values) != len(self.labels):
            raise ValueError(f"{self.name} has the labels {self.labels}, not {values}")
        if len(self._known) >= MOST_SERIES:
            values = (REST,) * len(values)
        if values not in self._known:
            labels = tuple((label, str(value)) for label, value in zip(self.labels, values, strict=True))
            key = Key(self.name, self.kind, self.text, labels, self.across, self.bounds)
            self._known[values] = self.series(key, 2 + len(self.bounds) if self.bounds else 1)
        return self._known[values]


class Counter(Instrument[CounterSeries]):
    """Counts. Without labels, `inc()` is here too."""

    kind = "counter"
    series = CounterSeries

    def inc(self, amount: float = 1.0) -> None:
        """Count on, for a counter without labels."""
        self.of().inc(amount)


class Gauge(Instrument[GaugeSeries]):
    """Tells how much there is. Without labels, `set()` is here too."""

    kind = "gauge"
    series = GaugeSeries

    def set(self, value: float) -> None:
        """It is this now, for a gauge without labels."""
        self.of().set(value)


class Histogram(Instrument[HistogramSeries]):
    """Tells how sizes are spread. Without labels, `observe()` is here too."""

    kind = "histogram"
    series = HistogramSeries

    def observe(self, value: float) -> None:
        """Note one size, for a histogram without labels."""
        self.of().observe(value)


K = TypeVar("K", bound=Instrument[Any])


def counter(name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
    """Declare a counter; its name ends in `_total`. Raises ValueError when the name is taken by something else."""
    if not name.endswith("_total"):
        raise ValueError(f"a counter's name ends in _total: {name}_total")
    return _declare(Counter(name, text, labels))


def gauge(name: str, text: str, labels: tuple[str, ...] = (), *, across: Across = "sum") -> Gauge:
    """Declare a gauge. `across` the living processes it is their sum, their highest, or each with a label `process`."""
    return _declare(Gauge(name, text, labels, across))


def histogram(name: str, text: str, labels: tuple[str, ...] = (), *, bounds: tuple[float, ...] = SECONDS) -> Histogram:
    """Declare a histogram; `bounds` rise. Durations are in seconds and named so. Raises ValueError as `counter` does."""
    if not bounds or list(bounds) != sorted(set(bounds)):
        raise ValueError(f"the bounds of {name} must rise")
    return _declare(Histogram(name, text, labels, bounds=bounds))


def _declare(new: K) -> K:
    known = BOOK.declared.setdefault(new.name, new)
    if not isinstance(known, type(new)) or not known.matches(new):
        raise ValueError(f"the metric {new.name} is declared twice, and not alike")
    return known
