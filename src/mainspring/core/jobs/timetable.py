"""When scheduled jobs are due: every so often, or by a cron expression in a time zone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol
from zlib import crc32
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from ..settings.durations import format_duration

Missed = Literal["skip", "once", "all"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SHORTEST = timedelta(milliseconds=100)


class Times(Protocol):
    """A rule that names moments. All of them are in UTC."""

    @property
    def spec(self) -> str:
        """The rule as a text; another rule has another text."""

    def next_after(self, moment: datetime, name: str) -> datetime:
        """The first moment behind `moment` for the schedule of this name."""


@dataclass(frozen=True, slots=True)
class EveryTimes:
    """Evenly, at an offset that the name decides, so that not every schedule of the world is due on the full minute."""

    period: timedelta

    def __post_init__(self) -> None:
        if self.period < SHORTEST:
            raise ValueError("a period of at least 100 ms is needed")

    @property
    def spec(self) -> str:
        """The period in words."""
        if self.period % timedelta(seconds=1):
            return f"every {self.period.total_seconds()}s"
        return f"every {format_duration(self.period)}"

    def next_after(self, moment: datetime, name: str) -> datetime:
        """The next multiple of the period, counted from 1970 and the name's offset."""
        begin = EPOCH + self.period * (crc32(name.encode()) % 997 / 997)
        return begin + ((moment - begin) // self.period + 1) * self.period


@dataclass(frozen=True, slots=True)
class CronTimes:
    """The moments of a cron expression in a time zone, with the rules of Debian's cron where the clocks change."""

    expression: str
    zone: str = "UTC"
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "_zone", ZoneInfo(self.zone))
        except (OSError, ValueError, LookupError) as problem:
            raise ValueError(f"there is no time zone {self.zone!r}") from problem
        try:
            next(CronSim(self.expression, EPOCH))
        except CronSimError as problem:
            raise ValueError(f"{self.expression!r} is no cron expression: {problem}") from problem
        except StopIteration:
            raise ValueError(f"the cron expression {self.expression!r} names no moment within 50 years") from None

    @property
    def spec(self) -> str:
        """The expression and its zone."""
        return f"cron {self.expression} {self.zone}"

    def next_after(self, moment: datetime, name: str) -> datetime:
        """The next moment; one that comes twice in autumn counts once."""
        for found in CronSim(self.expression, moment.astimezone(self._zone)):
            tick: datetime = found.astimezone(UTC)
            if tick > moment:
                return tick
        raise LookupError(f"{self.expression!r} has no further moment")


def ticks_between(times: Times, name: str, first: datetime, last: datetime) -> Iterator[datetime]:
    """Every tick from `first` (one itself) to `last`, both included."""
    tick = first
    while tick <= last:
        yield tick
        tick = times.next_after(tick, name)
