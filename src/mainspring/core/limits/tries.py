"""How often a door may be tried from one network, whatever comes of it: for doors that always answer alike (D-11, R-163).

A limit on what is found behind such a door would tell what is there; this one counts the knocking.
"""

import time
from collections.abc import Callable
from datetime import timedelta

from ..errors import TooManyRequests
from ..runtime import Runtime
from .failures import network_of

SCHEMA = """
CREATE TABLE IF NOT EXISTS tries (key TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS ix_tries_key ON tries (key, at);
CREATE INDEX IF NOT EXISTS ix_tries_at ON tries (at);
"""


class TryLimit:
    """Counts tries in a moving window; all processes of a machine count together."""

    def __init__(
        self,
        runtime: Runtime,
        *,
        most: int = 20,
        window: timedelta = timedelta(minutes=15),
        enabled: bool = True,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.runtime, self.most, self.window = runtime, most, window.total_seconds()
        self.enabled, self.now = enabled, now
        runtime.declare(SCHEMA)

    def count(self, door: str, address: str | None) -> None:
        """Note a try. Raises TooManyRequests, and notes nothing, when there were too many from the network."""
        if not self.enabled:
            return
        key, now = f"{door} {network_of(address)}", self.now()
        with self.runtime.writing() as connection:
            connection.execute("DELETE FROM tries WHERE at <= ?", (now - self.window,))
            newest = connection.execute(
                "SELECT at FROM tries WHERE key = ? ORDER BY at DESC LIMIT ?", (key, self.most)
            ).fetchall()
            if len(newest) >= self.most:
                raise TooManyRequests(retry_after=max(1.0, newest[-1][0] + self.window - now))
            connection.execute("INSERT INTO tries (key, at) VALUES (?, ?)", (key, now))
