"""Moves committed pages from the write-ahead log into the database file, on a thread, so that no request waits for it."""

import asyncio
import sqlite3
from concurrent.futures import Executor
from pathlib import Path
from time import monotonic

from ...observability.logs import get_logger
from ...tasks import settled, start
from .connecting import connect
from .writer import Writer

CHANGES = 2000  # rows changed since the last one; a row and its indexes touch about four pages
SECONDS = 5.0
LONG_LOG_PAGES = 16_000  # 64 MB: writers were always ahead, so they wait for once
log = get_logger(__name__)


class Checkpoints:
    """Called after each commit; starts a checkpoint when enough has changed. Of several processes SQLite lets one in."""

    def __init__(self, path: Path, writer: Writer, threads: Executor, synchronous: str) -> None:
        self._path, self._writer, self._threads, self._synchronous = path, writer, threads, synchronous
        self._connection: sqlite3.Connection | None = None
        self._changes = 0
        self._at = monotonic()
        self._running: asyncio.Task[None] | None = None
        self.count = 0
        self.pages = 0
        writer.on_commit = self.committed

    def committed(self) -> None:
        """A group was committed."""
        changes = self._writer.connection.total_changes
        if self._running is None and (changes - self._changes >= CHANGES or monotonic() - self._at >= SECONDS):
            self._changes, self._at = changes, monotonic()
            self._running = start(self._run(), name="checkpoint")

    async def close(self) -> None:
        """Wait for the one that runs."""
        if self._running is not None:
            await asyncio.wait([self._running])
        if self._connection is not None:
            self._connection.close()

    async def _run(self) -> None:
        try:
            await self._checkpoint()
            if self.pages >= LONG_LOG_PAGES:
                await self._writer.alone(self._checkpoint)
        except sqlite3.Error as error:
            log.error("checkpoint_failed", error=error)
        finally:
            self._running = None

    async def _checkpoint(self) -> None:
        loop = asyncio.get_running_loop()
        _, self.pages, _ = await settled(loop.run_in_executor(self._threads, self._on_thread))
        self.count += 1

    def _on_thread(self) -> tuple[int, int, int]:
        if self._connection is None:
            self._connection = connect(self._path, synchronous=self._synchronous)
        told: tuple[int, int, int] = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return told
