"""Durations as people write them: a whole number and one of ms, s, m, h, d (R-065)."""

import re
from datetime import timedelta

FORM = re.compile(r"(\d+)(ms|[smhd])", re.ASCII)
UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


def parse_duration(text: str) -> timedelta:
    """`15m` as a timedelta. Raises ValueError, as half a sentence, for any other form."""
    match = FORM.fullmatch(text)
    if match is None:
        raise ValueError("must be a duration such as 10s, 15m, 12h or 7d")
    try:
        return timedelta(**{UNITS[match[2]]: int(match[1])})
    except OverflowError:
        raise ValueError("is too long a duration") from None


def format_duration(duration: timedelta) -> str:
    """The shortest text that `parse_duration` reads back; parts of a millisecond are dropped."""
    if duration.microseconds >= 1000:
        return f"{duration // timedelta(milliseconds=1)}ms"
    seconds = int(duration.total_seconds())
    for unit, size in SECONDS.items():
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
