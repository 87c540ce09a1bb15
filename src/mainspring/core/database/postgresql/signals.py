"""Signals on PostgreSQL: LISTEN and NOTIFY on a connection of its own.

Never inside a transaction: a NOTIFY there makes all commits of the server wait for each other.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import asyncpg

from ...observability.logs import get_logger
from ...tasks import start, stop
from ..signals import EVERYTHING, Heard
from .connecting import connected
from .refusals import FAILURES

log = get_logger(__name__)
PAUSE_SECONDS = 0.01  # after telling; what is told meanwhile travels together
ANSWER_SECONDS = 5.0
ASK_SECONDS = 30.0  # how often a quiet connection is asked whether it is still there
LONGEST_PAYLOAD = 7000  # PostgreSQL takes 8000 bytes

Connect = Callable[[], Awaitable["asyncpg.Connection[Any]"]]


class PostgresqlSignals:
    """One connection that tells and hears, made when somebody first does, and made again when it is lost."""

    def __init__(self, connect: Connect, channel: str) -> None:
        self._connect, self._channel = connect, channel
        self._listeners: list[Heard] = []
        self._words: set[str] = set()
        self._news = asyncio.Event()
        self._lost = False
        self._own = 0  # the process id of our own connection, whose notifications say nothing new
        self._task: asyncio.Task[None] | None = None

    def tell(self, words: Iterable[str]) -> None:
        """Tell the other processes, at once when nothing was told in the last 10 ms."""
        self._words.update(words)
        self._news.set()
        self._begin()

    def listen(self, heard: Heard) -> Callable[[], None]:
        """Call `heard` for what others tell; with `EVERYTHING` when the connection was made anew."""
        self._listeners.append(heard)
        self._begin()
        return lambda: self._listeners.remove(heard)

    async def stop(self) -> None:
        """Close the connection."""
        self._listeners.clear()
        if self._task is not None:
            await stop(self._task)
            self._task = None

    def _begin(self) -> None:
        if self._task is None:
            self._task = start(self._keep(), name=f"signals {self._channel}")

    async def _keep(self) -> None:
        failures = 0
        while True:
            try:
                connection = await connected(self._connect)
            except FAILURES as error:
                failures += 1
                if failures == 1:
                    log.warn("signals_lost", channel=self._channel, reason=type(error).__name__)
                await asyncio.sleep(random.uniform(0.1, min(0.25 * 2**failures, 5.0)))  # noqa: S311  no secret
                continue
            failures = 0
            try:
                await self._serve(connection)
            except FAILURES as error:
                log.warn("signals_lost", channel=self._channel, reason=type(error).__name__)
            finally:
                connection.terminate()

    async def _serve(self, connection: "asyncpg.Connection[Any]") -> None:
        self._lost, self._own = False, connection.get_server_pid()
        connection.add_termination_listener(self._ended)
        await connection.add_listener(self._channel, self._heard)
        self._call(EVERYTHING)
        while not self._lost:
            try:
                async with asyncio.timeout(ASK_SECONDS):
                    await self._news.wait()
            except TimeoutError:
                await connection.fetchval("SELECT 1", timeout=ANSWER_SECONDS)
                continue
            self._news.clear()
            words, self._words = self._words, set()
            if not words:
                continue
            payload = " ".join(sorted(words))
            if len(payload.encode()) > LONGEST_PAYLOAD:
                payload = " ".join(EVERYTHING)
            try:
                await connection.fetchval("SELECT pg_notify($1, $2)", self._channel, payload, timeout=ANSWER_SECONDS)
            except BaseException:
                self._words |= words
                self._news.set()
                raise
            await asyncio.sleep(PAUSE_SECONDS)

    def _ended(self, connection: Any) -> None:
        self._lost = True
        self._news.set()

    def _heard(self, connection: Any, pid: int, channel: str, payload: object) -> None:
        if pid != self._own:  # not asked of the connection, which may be closed by the time its last words are heard
            self._call(frozenset(str(payload).split()))

    def _call(self, words: frozenset[str]) -> None:
        for heard in list(self._listeners):
            heard(words)
