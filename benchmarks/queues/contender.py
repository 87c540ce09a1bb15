"""What every contender can be asked, and what is seen of its jobs. Standard library only: it runs in each one's environment."""

import asyncio
import os
import struct
import time
from contextlib import AbstractAsyncContextManager
from typing import ClassVar, Protocol

ORDERS = """CREATE TABLE bench_orders (
id uuid PRIMARY KEY, number bigint NOT NULL, name text NOT NULL, amount bigint NOT NULL, created_at timestamptz NOT NULL)"""
ADD_ORDER = "INSERT INTO bench_orders (id, number, name, amount, created_at) VALUES (%s, %s, %s, %s, %s)"
LINE = struct.Struct("=qd")


class Contender(Protocol):
    """One job queue on one store.

    `transactional` says whether a job can be enqueued in the caller's own transaction; `share` is the part of the usual amount of
    work that a slow one is given; `concurrency` is what its worker does at once unless told.
    """

    transactional: ClassVar[bool]
    share: ClassVar[float]
    concurrency: ClassVar[int | None]

    async def open(self) -> None:
        """Connect, and make the tables if they are missing."""

    async def close(self) -> None:
        """Let go."""

    async def order(self, number: int) -> None:
        """A transaction with one business insert."""

    async def order_and_enqueue(self, number: int, *, fail: bool = False) -> None:
        """The same with a job, or the job after the commit if it cannot. `fail` raises Refused before the commit."""

    async def enqueue(self, number: int) -> None:
        """A job, and nothing else."""

    async def fill(self, numbers: range) -> None:
        """Many jobs, by the fastest way it offers."""

    def working(self, concurrency: int | None) -> AbstractAsyncContextManager[None]:
        """A worker in this process; None is its own default."""

    async def unfinished(self) -> int:
        """Jobs of which the store does not say that they are done."""

    async def orders(self) -> int:
        """Rows of the business table."""


class Seen:
    """Every start of a job in this process; from a worker in another process the same through a file."""

    def __init__(self) -> None:
        self.starts: dict[int, float] = {}
        self.runs = 0
        self.file: int | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waited: tuple[int, asyncio.Event] | None = None

    def began(self, number: int) -> None:
        """Called by the job; from any thread."""
        now = time.monotonic()
        if self.file is not None:
            os.write(self.file, LINE.pack(number, now))  # one small append is whole
            return
        self.runs += 1
        self.starts[number] = now
        waited = self._waited
        if waited is not None and waited[0] == number and self._loop is not None:
            self._loop.call_soon_threadsafe(waited[1].set)

    def forget(self) -> None:
        """Begin to count anew."""
        self.starts, self.runs = {}, 0

    async def start_of(self, number: int, latest: float) -> float:
        """When that job began, on the monotonic clock. Raises TimeoutError."""
        self._loop, event = asyncio.get_running_loop(), asyncio.Event()
        self._waited = (number, event)
        if number not in self.starts:
            await asyncio.wait_for(event.wait(), latest)
        return self.starts[number]


SEEN = Seen()
