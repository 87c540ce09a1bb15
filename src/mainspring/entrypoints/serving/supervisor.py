"""Starts the processes, replaces those that die, and ends them all without losing an answer or a job (R-316, R-336).

It runs no threads and no event loop, so a worker can be forked at any time: it starts within milliseconds and shares the memory
of everything that was imported before.
"""

import contextlib
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mainspring.core.observability import close_logs, get_logger

LOG = get_logger(__name__)
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
YOUNG = 5.0
LONGEST_PAUSE = 10.0
EXTRA = 1.0  # a worker ends by itself at its deadline; only a stuck one is killed

Work = Callable[[socket.socket | None, Callable[[], None]], int]


@dataclass(slots=True)
class Seat:
    """The place of one process: its listening socket, if it has one, outlives it, so connections wait for the successor."""

    listener: socket.socket | None
    pid: int = 0
    born: float = 0.0
    failures: int = 0
    due: float = 0.0
    ready: int = -1
    is_ready: bool = field(default=False)


class Supervisor:
    """Keeps one process running for each listening socket, or None for one that does not listen. `run` returns the exit code."""

    def __init__(self, listeners: Sequence[socket.socket | None], work: Work, drain_seconds: float) -> None:
        self.seats = [Seat(listener) for listener in listeners]
        self.work = work
        self.drain_seconds = drain_seconds
        self.is_ending = False
        self.has_started = False
        self.exit_code = 0
        self._wake, self._bell = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def run(self, on_ready: Callable[[], None]) -> int:
        """Serve until a signal ends it. `on_ready` is called once, when every worker serves."""
        signal.set_wakeup_fd(self._bell, warn_on_full_buffer=False)
        for number in ENDING:
            signal.signal(number, self._end)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        deadline = 0.0
        while True:
            now = time.monotonic()
            for seat in self.seats:
                if not self.is_ending and not seat.pid and now >= seat.due:
                    self._start(seat)
            self._wait(now)
            self._collect()
            if not self.has_started and all(seat.is_ready for seat in self.seats):
                self.has_started = True
                on_ready()
            if self.is_ending:
                deadline = deadline or self._tell_all()
                if not any(seat.pid for seat in self.seats):
                    return self.exit_code
                if time.monotonic() > deadline:
                    self._kill_all()

    def _end(self, *_: object) -> None:
        self.is_ending = True

    def _start(self, seat: Seat) -> None:
        reading, writing = os.pipe2(os.O_CLOEXEC)
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                code = self._become_worker(seat, writing)
            finally:
                close_logs()
                os._exit(code)
        os.close(writing)
        seat.pid, seat.born, seat.ready, seat.is_ready = pid, time.monotonic(), reading, False

    def _become_worker(self, seat: Seat, ready: int) -> int:
        signal.set_wakeup_fd(-1)
        for number in (*ENDING, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.close(self._wake)
        os.close(self._bell)
        for other in self.seats:
            if other is not seat and other.listener is not None:
                other.listener.close()
            if other.ready >= 0:
                os.close(other.ready)

        def say_ready() -> None:
            with contextlib.suppress(BrokenPipeError):
                os.write(ready, b"!")
            os.close(ready)

        try:
            return self.work(seat.listener, say_ready)
        except Exception as error:  # the process ends here
            LOG.error("worker_failed", error=error)
            return 1

    def _wait(self, now: float) -> None:
        """Until a signal, a worker's readiness, or the next start that is due."""
        waiting = [seat.ready for seat in self.seats if seat.ready >= 0]
        due = [seat.due - now for seat in self.seats if not seat.pid and not self.is_ending]
        readable, _, _ = select.select([self._wake, *waiting], [], [], max(0.0, min((*due, 0.5 if self.is_ending else 60.0))))
        if self._wake in readable:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake, 4096)
        for seat in self.seats:
            if seat.ready in readable:
                seat.is_ready = os.read(seat.ready, 1) == b"!"
                os.close(seat.ready)
                seat.ready = -1

    def _collect(self) -> None:
        """Take leave of workers that ended."""
        for seat in self.seats:
            if not seat.pid:
                continue
            pid, status = os.waitpid(seat.pid, os.WNOHANG)
            if not pid:
                continue
            code = os.waitstatus_to_exitcode(status)
            seat.pid = 0
            if self.is_ending:
                self.exit_code = self.exit_code or (1 if code else 0)
            elif not self.has_started and code > 0:
                self.is_ending, self.exit_code = True, 1  # it said why
            else:
                self._replace(seat, pid, code)

    def _replace(self, seat: Seat, pid: int, code: int) -> None:
        now = time.monotonic()
        seat.failures = seat.failures + 1 if now - seat.born < YOUNG else 0
        pause = min(0.25 * 2**seat.failures, LONGEST_PAUSE) if seat.failures > 1 else 0.0
        seat.due = now + pause
        reason = f"signal {-code}" if code < 0 else f"exit code {code}"
        LOG.error("worker_died", pid=pid, reason=reason, replacedInSeconds=pause)

    def _tell_all(self) -> float:
        LOG.info("stopping", drainSeconds=self.drain_seconds)
        self._signal(signal.SIGTERM)
        return time.monotonic() + self.drain_seconds + EXTRA

    def _kill_all(self) -> None:
        LOG.error("forced_exit", afterSeconds=self.drain_seconds)
        self.exit_code = 1
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        for seat in self.seats:
            if seat.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(seat.pid, number)
