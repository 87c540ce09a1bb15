"""Where passwords are hashed: as many at once as the machine has cores, whatever the number of processes (ARCHITECTURE 10 n,
D-10).

Everything shared is a lock on a file in `DATA_DIR/runtime`, so a process that dies leaves nothing behind:

- a ticket, one byte of `hashing.queue`, for everybody who is hashed or waits. There are as many as can be served in time
  (`PASSWORD__LONGEST_WAIT`); who gets none is shed at once.
- the turn, `hashing.turn`: one waiting thread of the machine holds it and looks for a free slot, the others queue for the turn.
  So a process that just left a slot cannot overtake those of other processes.
- the slots, `hashing.slot-N`.
"""

import asyncio
import fcntl
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

from ..errors import Unavailable

R = TypeVar("R")

LONGEST_WAIT = 2.55  # seconds until hashing begins; a hash takes 0.12 to 0.16 s, so 20 of 40 at once are served within three
SLACK = 0.15  # seconds of that wait which the queue leaves: the machine may be slower than its own work tells
FIRST_GUESS = 0.16  # seconds of a core that a hash takes, until we have measured: 64 MiB, 3 passes
LOOK_AGAIN = 0.003  # seconds between looks for a free slot; one thread of the machine looks
NICENESS = 1  # the event loops, which answer everybody else, come first


class HashingSlots:
    """Runs hashing work off the event loop, at lower priority. `slots` is the machine's number of cores, the same everywhere;
    `longest_wait` is in seconds."""

    def __init__(self, folder: Path, *, slots: int | None = None, longest_wait: float = LONGEST_WAIT) -> None:
        self.folder, self.slots, self.longest_wait = folder, slots or cores(), longest_wait
        self._tickets = _Tickets(folder / "hashing.queue")
        self._threads = ThreadPoolExecutor(self.slots, "hashing", _lower_priority)
        self._seconds = FIRST_GUESS

    @property
    def capacity(self) -> int:
        """How many may be hashed or wait at once, on the whole machine."""
        return self.slots + math.ceil((self.longest_wait - SLACK) * self.slots / self._seconds)

    async def run(self, work: Callable[[], R]) -> R:
        """The result of `work`. Raises Unavailable when it would not begin within `longest_wait` seconds, or does not."""
        ticket = self._tickets.take(self.capacity)
        if ticket is None:
            raise Unavailable(retry_after=3)
        job = _Job(work)
        future = self._threads.submit(self._perform, job)
        future.add_done_callback(lambda _: self._tickets.give_back(ticket))
        try:
            return await self._result(job, future)
        finally:
            job.wanted = False
            future.cancel()

    def stop(self) -> None:
        """Let the threads go once their work is done."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._tickets.close()

    async def _result(self, job: "_Job[R]", future: "Future[R]") -> R:
        waiting = asyncio.wrap_future(future)
        waiting.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody may be left to look at it
        await asyncio.wait([waiting], timeout=self.longest_wait)
        if not waiting.done() and not job.begun:
            raise Unavailable(retry_after=3)
        return await waiting

    def _perform(self, job: "_Job[R]") -> R:
        with self._slot():
            if not job.wanted:
                raise Unavailable
            job.begun = True
            began = time.thread_time()
            try:
                return job.work()
            finally:
                self._seconds += 0.2 * (time.thread_time() - began - self._seconds)

    @contextmanager
    def _slot(self) -> Iterator[None]:
        """Hold a slot of the machine, after those who came before."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _opened(self.folder / "hashing.turn") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            slot = self._free_slot()
        try:
            yield
        finally:
            os.close(slot)

    def _free_slot(self) -> int:
        while True:
            for number in range(self.slots):
                slot = os.open(self.folder / f"hashing.slot-{number}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                try:
                    fcntl.flock(slot, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    os.close(slot)
                else:
                    return slot
            time.sleep(LOOK_AGAIN)


class _Job(Generic[R]):
    """Work, whether somebody still wants it, and whether it has a slot."""

    def __init__(self, work: Callable[[], R]) -> None:
        self.work, self.wanted, self.begun = work, True, False


class _Tickets:
    """Numbered places shared by all processes: ticket N is a lock on byte N of a file (POSIX record locks).

    Record locks belong to the process and go when it closes any descriptor of the file, so the file is opened once.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None
        self._ours: set[int] = set()
        self._guard = threading.Lock()

    def take(self, capacity: int) -> int | None:
        """A free ticket below `capacity`, or None."""
        with self._guard:
            if self._file is None:
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            for number in range(capacity):
                if number in self._ours:
                    continue
                try:
                    fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
                except (BlockingIOError, PermissionError):  # EAGAIN or EACCES, POSIX leaves the choice
                    continue
                self._ours.add(number)
                return number
        return None

    def give_back(self, number: int) -> None:
        """Free the ticket."""
        with self._guard:
            self._ours.discard(number)
            if self._file is not None:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, number)

    def close(self) -> None:
        """Free all tickets."""
        with self._guard:
            if self._file is not None:
                os.close(self._file)
                self._file = None
            self._ours.clear()


def cores() -> int:
    """The cores this process may use: its affinity, less when a control group grants less time (cpu.max)."""
    allowed = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
    except (OSError, ValueError):
        return allowed
    return allowed if quota == "max" else max(1, min(allowed, math.ceil(int(quota) / int(period))))


def _lower_priority() -> None:
    if sys.platform == "linux":  # elsewhere priorities belong to whole processes
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, min(19, os.getpriority(os.PRIO_PROCESS, thread) + NICENESS))


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
