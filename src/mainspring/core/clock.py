"""The one source of time: UTC, aware, to the microsecond."""

import time
from datetime import UTC, datetime, timedelta

monotonic = time.monotonic


def now() -> datetime:
    """The current moment, aware and in UTC."""
    return datetime.now(UTC)


def after(duration: timedelta) -> datetime:
    """The moment that lies `duration` ahead."""
    return now() + duration
