"""News among the processes of one machine: rows of `DATA_DIR/runtime.db` (ARCHITECTURE 10 e)."""

from collections.abc import Collection

from ..runtime import Runtime
from .ports import NOTHING_NEW, News

SCHEMA = "CREATE TABLE IF NOT EXISTS cache_news (number INTEGER PRIMARY KEY AUTOINCREMENT, word TEXT NOT NULL);"
KEPT = 10_000  # rows; whoever was away for longer has missed something, and forgets everything
CLEAN_EVERY = 256  # rows


class FileBoard:
    """Reading takes about five microseconds while nothing happens: the version of the file says so."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._version = -1
        self._read: int | None = None  # the number of the last row that was read
        runtime.declare(SCHEMA)

    def tell(self, words: Collection[str]) -> None:
        """Add them. What was told before and not yet heard is heard by the next `hear`."""
        self._follow()
        with self.runtime.writing() as connection:
            last = 0
            for word in words:
                last = connection.execute("INSERT INTO cache_news (word) VALUES (?)", (word,)).lastrowid or 0
            if last % CLEAN_EVERY < len(words):
                connection.execute("DELETE FROM cache_news WHERE number <= ?", (last - KEPT,))
        if self._read == last - len(words):
            self._read = last  # our own need not be heard

    def hear(self) -> News:
        """What others told. Everything counts as told at the first time, and when the file was replaced or has a gap."""
        self._follow()
        version = self.runtime.rows("PRAGMA data_version")[0][0]
        if version == self._version:
            return NOTHING_NEW
        if self._read is None:
            self._read = self.runtime.rows("SELECT COALESCE(MAX(number), 0) FROM cache_news")[0][0]
            self._version = version
            return News(everything=True)
        rows = self.runtime.rows("SELECT number, word FROM cache_news WHERE number > ? ORDER BY number", self._read)
        self._version = version
        if not rows:
            return NOTHING_NEW
        gap = rows[0][0] != self._read + 1
        self._read = rows[-1][0]
        return News(everything=True) if gap else News([word for _, word in rows])

    def _follow(self) -> None:
        if self.runtime.was_replaced():
            self._version, self._read = -1, None
