"""How many starts a span of time may hold."""

import re
from dataclasses import dataclass
from datetime import timedelta

FORM = re.compile(r"([1-9]\d{0,5})/(\d{0,4})([smhd])", re.ASCII)
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` starts in any span of the length `per`."""

    count: int
    per: timedelta

    @classmethod
    def of(cls, text: str) -> "Rate":
        """`100/m`, `5/10s`. Raises ValueError for any other form."""
        match = FORM.fullmatch(text)
        if match is None or match[2].startswith("0"):
            raise ValueError(f"{text!r} is no rate: write it as 100/m, with s, m, h or d")
        return cls(int(match[1]), timedelta(seconds=int(match[2] or 1) * SECONDS[match[3]]))
