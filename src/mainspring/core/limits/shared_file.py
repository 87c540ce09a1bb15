"""Tallies that the processes of one machine share, in `DATA_DIR/runtime.db` (ARCHITECTURE 10 e)."""

import json
from dataclasses import replace

from .. import clock
from ..errors import Unavailable
from ..observability.logs import get_logger
from ..runtime import Runtime
from .lending import Lent, Wish, settle
from .memory import MemoryLender
from .tally import Tally

SCHEMA = """
CREATE TABLE IF NOT EXISTS tallies (key TEXT PRIMARY KEY, until REAL NOT NULL, counted TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ix_tallies_until ON tallies (until);
"""
CLEAN_EVERY = 64  # visits, after which rows go whose window has passed, at most twice as many
LOOK_AGAIN = 5.0  # seconds; each look at a locked file holds the process up for a quarter of one

log = get_logger(__name__)


class SharedFileLender:
    """Keeps each tally as a row. A visit takes about 40 microseconds, on the event loop.

    While the file cannot be used, because a process was stopped in the middle of a visit, each of the `processes` counts by
    itself for its share, and looks again after some seconds.
    """

    def __init__(self, runtime: Runtime, processes: int = 1) -> None:
        self.runtime, self.processes = runtime, processes
        self._visits = 0
        self._alone = MemoryLender()
        self._look_again = 0.0
        runtime.declare(SCHEMA)

    async def lend(self, key: str, wish: Wish) -> Lent:
        """Settle a wish."""
        return self.lend_at_once(key, wish)

    def lend_at_once(self, key: str, wish: Wish) -> Lent:
        """Settle a wish."""
        if clock.monotonic() >= self._look_again:
            try:
                return self._in_file(key, wish)
            except Unavailable:
                self._look_again = clock.monotonic() + LOOK_AGAIN
                log.warn("limits_are_counted_alone", seconds=LOOK_AGAIN)
        limit = max(1, wish.limit // self.processes)
        return self._alone.lend_at_once(key, replace(wish, limit=limit, wanted=0))

    def _in_file(self, key: str, wish: Wish) -> Lent:
        self._visits += 1
        with self.runtime.writing() as connection:
            if self._visits % CLEAN_EVERY == 0:
                connection.execute(
                    "DELETE FROM tallies WHERE key IN (SELECT key FROM tallies WHERE until <= ? LIMIT ?)",
                    (wish.now, 2 * CLEAN_EVERY),
                )
            row = connection.execute("SELECT counted FROM tallies WHERE key = ?", (key,)).fetchone()
            tally = Tally.read(wish.window, None if row is None else json.loads(row[0]))
            lent = settle(tally, wish)
            connection.execute(
                "INSERT INTO tallies (key, until, counted) VALUES (?, ?, ?) "
                "ON CONFLICT (key) DO UPDATE SET until = excluded.until, counted = excluded.counted",
                (key, wish.now + 1.25 * wish.window, json.dumps(tally.written() | {"window": wish.window})),
            )
        return lent

    def take_out(self) -> list[tuple[str, float, dict[int, int]]]:
        """Empty it: each key with its window and what was used, by slot; what is lent counts as used."""
        with self.runtime.writing() as connection:
            rows = connection.execute("DELETE FROM tallies RETURNING key, counted").fetchall()
        found = []
        for key, text in rows:
            written = json.loads(text)
            tally = Tally.read(written["window"], written)
            found.append((key, tally.window, tally.spent()))
        return found
