"""How many in how long, as people write it: `100/15m` (D-27)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator

from .durations import format_duration, parse_duration

MOST = 1_000_000_000
LONGEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `count` in any `window` seconds."""

    count: int
    window: float

    @classmethod
    def parse(cls, text: str) -> "Quota":
        """The quota that `text` says. Raises ValueError, as half a sentence, for any other form."""
        count, slash, window = text.replace(" ", "").partition("/")
        if not (slash and count.isascii() and count.isdigit() and 1 <= int(count) <= MOST):
            raise ValueError("must say how many in how long, such as 100/15m")
        length = parse_duration(window)
        if not timedelta(seconds=1) <= length <= LONGEST:
            raise ValueError("must be for 1s to 1d")
        return cls(int(count), length.total_seconds())

    def __str__(self) -> str:
        return f"{self.count}/{format_duration(timedelta(seconds=self.window))}"


def _read(value: Any) -> Any:  # Any: what a setting was given as
    return Quota.parse(value) if isinstance(value, str) else value


QuotaSetting = Annotated[Quota, BeforeValidator(_read)]
