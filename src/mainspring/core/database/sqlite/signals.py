"""Signals on a SQLite file: a commit of another process changes `PRAGMA data_version`, so nothing needs to be told."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ...observability.logs import get_logger
from ..signals import EVERYTHING, Heard

if TYPE_CHECKING:
    from .database import SqliteDatabase

log = get_logger(__name__)
EVERY_SECONDS = 0.02


class SqliteSignals:
    """Asks the reader for the version every 20 ms as long as somebody listens; one question takes 3 us."""

    def __init__(self, database: "SqliteDatabase") -> None:
        self._database = database
        self._listeners: list[Heard] = []
        self._timer: asyncio.TimerHandle | None = None
        self._seen = 0

    def tell(self, words: Iterable[str]) -> None:
        """Nothing to do: the others see the commit itself."""

    def listen(self, heard: Heard) -> Callable[[], None]:
        """Call `heard` after a commit of any process, this one included."""
        self._listeners.append(heard)
        if self._timer is None:
            self._seen = self._version()
            self._timer = asyncio.get_running_loop().call_later(EVERY_SECONDS, self._look)
        return lambda: self._listeners.remove(heard)

    async def stop(self) -> None:
        """Ask no more."""
        self._listeners.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(EVERY_SECONDS, self._look)
        version = self._version()
        if version != self._seen:
            self._seen = version
            for heard in list(self._listeners):
                heard(EVERYTHING)

    def _version(self) -> int:
        try:
            return int(self._database.execute_read("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error as error:
            log.warn("data_version_unknown", reason=str(error))
            return self._seen
