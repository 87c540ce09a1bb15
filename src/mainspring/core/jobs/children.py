"""Processes of their own for isolated jobs and for those that took a process along before. One that ended well is used again."""

import asyncio
import contextlib
import os
import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..observability.logs import get_logger
from .attempts import ChildDied, ChildNotStarted, TimedOut
from .outcomes import Outcome
from .rows import ClaimedJob

if TYPE_CHECKING:
    from ..application import Application

log = get_logger(__name__)
IDLE_SECONDS = 30.0
START_SECONDS = 60.0
EXTRA_SECONDS = 2.0  # the child sees to the timeout itself, unless it is stuck
LARGEST = 2**24


@dataclass(frozen=True, slots=True)
class Order:
    """What a child is asked to run."""

    database: str
    claimed: ClaimedJob


@dataclass(frozen=True, slots=True)
class Answer:
    """What a child says at the end; the outcome's error as text, because not every exception can travel."""

    state: str
    error: str | None
    run_at: Any


class FailedElsewhere(Exception):
    """The error of a job that ran in a process of its own, as text. That process has reported it."""

    is_reported = True


class ChildPool:
    """At most as many children as the machine has processors, at least two."""

    def __init__(self, application: "Application") -> None:
        self._application = application
        self._room = asyncio.Semaphore(max(2, os.cpu_count() or 1))
        self._idle: list[_Child] = []
        self._reaper: asyncio.TimerHandle | None = None

    @property
    def free(self) -> int:
        """How many jobs could begin at once."""
        return self._room._value

    async def run(self, database: str, claimed: ClaimedJob) -> Outcome:
        """Run it to its end. Raises ChildDied when the child ended, and TimedOut when we ended it; a cancellation ends it too.

        Raises ChildNotStarted when there is none.
        """
        async with self._room:
            child = self._idle.pop() if self._idle else await _Child.made(self._application)
            try:
                async with asyncio.timeout(claimed.timeout_ms / 1000 + EXTRA_SECONDS):
                    answer = await child.ask(Order(database, claimed))
            except TimeoutError:
                await child.end()
                raise TimedOut(f"longer than {claimed.timeout_ms / 1000:g} s, so its process was ended") from None
            except BaseException:
                await child.end()
                raise
            self._idle.append(child)
            self._reap_later()
        error = None if answer.error is None else FailedElsewhere(answer.error)
        return Outcome(answer.state, error, answer.run_at)

    async def stop(self) -> None:
        """End the idle children."""
        if self._reaper is not None:
            self._reaper.cancel()
        idle, self._idle = self._idle, []
        for child in idle:
            await child.end()

    def _reap_later(self) -> None:
        if self._reaper is not None:
            self._reaper.cancel()
        self._reaper = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._reap)

    def _reap(self) -> None:
        for child in self._idle:
            child.let_go()
        self._idle.clear()


class _Child:
    def __init__(self, process: asyncio.subprocess.Process, answers: asyncio.StreamReader, close: Callable[[], None]) -> None:
        self._process, self._answers, self._close = process, answers, close

    @classmethod
    async def made(cls, application: "Application") -> "_Child":
        """Start one and wait until its application has started. Raises ChildNotStarted."""
        child = await cls._started()
        try:
            async with asyncio.timeout(START_SECONDS):
                await child._send(list(sys.path))
                await child._send((application.settings, application.modules))
                await child._answer()
        except (ChildDied, OSError, TimeoutError) as error:
            await child.end()
            raise ChildNotStarted(str(error) or f"not ready after {START_SECONDS:g} s") from error
        except BaseException:
            await child.end()
            raise
        return child

    @classmethod
    async def _started(cls) -> "_Child":
        reading, writing = os.pipe()
        command = (sys.executable, "-m", "mainspring.core.jobs.child", str(writing))
        try:
            process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE, pass_fds=[writing])
        except BaseException as error:
            os.close(reading)
            if isinstance(error, OSError):
                raise ChildNotStarted(str(error)) from error
            raise
        finally:
            os.close(writing)
        answers = asyncio.StreamReader(limit=LARGEST)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(answers), os.fdopen(reading, "rb"))
        return cls(process, answers, transport.close)

    async def ask(self, order: Order) -> Answer:
        try:
            await self._send(order)
        except OSError as lost:
            raise await self._death() from lost
        answer = await self._answer()
        assert isinstance(answer, Answer)  # noqa: S101  what our own child wrote
        return answer

    async def _answer(self) -> Any:
        try:
            length = int.from_bytes(await self._answers.readexactly(4), "big")
            return pickle.loads(await self._answers.readexactly(length))  # noqa: S301  our own child wrote it
        except asyncio.IncompleteReadError as lost:
            raise await self._death() from lost

    async def _death(self) -> ChildDied:
        code = await self._process.wait()
        return ChildDied(f"its process ended with {f'signal {-code}' if code < 0 else f'exit code {code}'}")

    async def end(self) -> None:
        """Kill it and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._close()
        await self._process.wait()

    def let_go(self) -> None:
        """Close its input: it ends by itself."""
        assert self._process.stdin is not None  # noqa: S101  it was asked for
        self._process.stdin.close()
        self._close()

    async def _send(self, thing: object) -> None:
        assert self._process.stdin is not None  # noqa: S101  it was asked for
        data = pickle.dumps(thing)
        self._process.stdin.write(len(data).to_bytes(4, "big") + data)
        await self._process.stdin.drain()
