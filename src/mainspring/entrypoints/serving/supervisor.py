"""Starts the processes, replaces those that die or grow old, and ends them all without losing an answer or a job (R-316, R-317).

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

from mainspring.core.observability import close_logs, get_logger

from .handover import Handover, Reload, has_terminal
from .line import READY, REASONS, Line
from .seats import Child, Seat
from .signals import DISMISSED, ENDING, RELOADING, SUCCEEDED, hold_back, receive

LOG = get_logger(__name__)
EXTRA = 1.0  # a worker ends by itself at its deadline; only a stuck one is killed

Work = Callable[[socket.socket | None, Line], int]


class Supervisor:
    """Keeps one process running for each listening socket, or None for one that does not listen. `run` returns the exit code.

    `before` is what the supervisor left whose place this one takes: its workers serve until ours do.
    """

    def __init__(
        self, listeners: Sequence[socket.socket | None], work: Work, drain_seconds: float, before: Handover | None = None
    ) -> None:
        self.seats = [Seat(listener) for listener in listeners]
        self.work = work
        self.drain_seconds = drain_seconds
        self.is_ending = False
        self.has_started = False
        self.exit_code = 0
        self.leaving: dict[int, tuple[Child, float]] = {}  # by process id, with the moment at which it is killed
        self._reload = Reload()
        self._wake, self._bell = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._strays: list[Child] = []
        if before is not None:
            self._take_over(before)

    def run(self, on_ready: Callable[[], None]) -> int:
        """Serve until a signal ends it. `on_ready` is called when every worker serves: at the start, and after a reload."""
        self._listen_to_signals()
        is_told, deadline = False, 0.0
        while True:
            now = time.monotonic()
            if not self.is_ending:
                self._start_due(now)
            self._wait(now)
            self._collect()
            if not self.is_ending:
                self._seat_successors()
            self.has_started = self.has_started or all(seat.child and seat.child.is_ready for seat in self.seats)
            if not is_told and all(seat.is_settled for seat in self.seats):
                is_told = True
                self._dismiss_strays()
                on_ready()
            self._kill_late()
            if self.is_ending:
                deadline = deadline or self._tell_all()
                if not self.leaving and not any(seat.children for seat in self.seats):
                    return self.exit_code
                if time.monotonic() > deadline:
                    self._kill_all()
            elif self.has_started:
                self._reload.go_on(self.seats, self.leaving)

    def _listen_to_signals(self) -> None:
        signal.set_wakeup_fd(self._bell, warn_on_full_buffer=False)
        for number in ENDING:
            signal.signal(number, self._end)
        signal.signal(RELOADING, self._end if has_terminal() else self._reload.ask)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        receive()

    def _take_over(self, before: Handover) -> None:
        now = time.monotonic()
        children = [Child(pid, -1, now, is_ready=True) for pid in before.workers]
        kept = {listener for listener in before.listeners if listener.fileno() >= 0}
        for seat, child in zip(self.seats, children, strict=False):
            if seat.listener is None or seat.listener in kept:
                seat.child, seat.is_stale = child, True
        seated = {seat.child.pid for seat in self.seats if seat.child is not None}
        self._strays = [child for child in children if child.pid not in seated]
        self.leaving = {pid: (Child(pid, -1, now), now + self.drain_seconds + EXTRA) for pid in before.leaving}
        self.has_started = True

    def _end(self, *_: object) -> None:
        self.is_ending = True

    def _start_due(self, now: float) -> None:
        """A process for each empty seat, and a successor for one stale seat at a time."""
        for seat in self.seats:
            if seat.child is None and now >= seat.due:
                seat.child = self._start(seat)
        if any(seat.successor for seat in self.seats):
            return
        for seat in self.seats:
            if seat.is_stale and seat.child is not None and seat.child.is_ready and now >= seat.due:
                seat.successor = self._start(seat)
                return

    def _start(self, seat: Seat) -> Child:
        reading, writing = os.pipe2(os.O_CLOEXEC)
        hold_back()  # a child that is told to end before it has handlers of its own must not miss it
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                os.close(reading)
                code = self._become_worker(seat, Line(writing))
            finally:
                close_logs()
                os._exit(code)
        receive()
        os.close(writing)
        return Child(pid, reading, time.monotonic())

    def _become_worker(self, seat: Seat, line: Line) -> int:
        signal.set_wakeup_fd(-1)
        signal.signal(RELOADING, signal.SIG_IGN)  # it is for the supervisor
        for number in (*ENDING, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        receive()
        os.close(self._wake)
        os.close(self._bell)
        for other in self.seats:
            if other is not seat and other.listener is not None:
                other.listener.close()
            for child in other.children:
                child.hang_up()
        try:
            return self.work(seat.listener, line)
        except Exception as error:  # the process ends here
            LOG.error("worker_failed", error=error)
            return 1

    def _wait(self, now: float) -> None:
        """Until a signal, a word of a worker, or the next start that is due."""
        speaking = {child.line: (seat, child) for seat in self.seats for child in seat.children if child.line >= 0}
        starts = [seat.due - now for seat in self.seats if seat.child is None or (seat.is_stale and seat.due > now)]
        longest = 0.5 if self.is_ending or self.leaving else 60.0
        waits = longest if self.is_ending else max(0.0, min((*starts, longest)))
        readable, _, _ = select.select([self._wake, *speaking], [], [], waits)
        if self._wake in readable:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake, 4096)
        for line in readable:
            if line != self._wake:
                self._hear(*speaking[line])

    def _hear(self, seat: Seat, child: Child) -> None:
        said = os.read(child.line, 16)
        if not said:
            child.hang_up()
        if READY in said:
            child.is_ready = True
        for sign, reason in REASONS.items():
            if sign in said and child is seat.child:
                LOG.info("worker_grew_old", pid=child.pid, reason=reason)
                seat.is_stale = True

    def _collect(self) -> None:
        """Take leave of workers that ended."""
        for pid, (child, _) in list(self.leaving.items()):
            if (code := child.exit_code()) is not None:
                del self.leaving[pid]
                self._note(child, code)
                LOG.debug("worker_left", pid=pid, exitCode=code)
        for seat in self.seats:
            for child in seat.children:
                if (code := child.exit_code()) is not None:
                    child.hang_up()
                    self._vacate(seat, child, code)

    def _vacate(self, seat: Seat, child: Child, code: int) -> None:
        if child is seat.successor:
            seat.successor = None
        else:
            seat.child, seat.successor = seat.successor, None
            seat.is_stale = False
        if self.is_ending:
            self._note(child, code)
        elif not self.has_started and code > 0:
            self.is_ending, self.exit_code = True, 1  # it said why
        else:
            pause = seat.put_off(child.born, time.monotonic())
            reason = f"signal {-code}" if code < 0 else f"exit code {code}"
            LOG.error("worker_died", pid=child.pid, reason=reason, replacedInSeconds=pause)

    def _seat_successors(self) -> None:
        """Whoever serves takes its seat; the one before leaves."""
        for seat in self.seats:
            if seat.child is not None and seat.successor is not None and seat.successor.is_ready:
                before, seat.child, seat.successor = seat.child, seat.successor, None
                seat.is_stale = False
                LOG.info("worker_replaced", pid=before.pid, by=seat.child.pid)
                self._let_go(before, SUCCEEDED)

    def _dismiss_strays(self) -> None:
        """Workers of the supervisor before this one that have no seat here: fewer workers, or another address."""
        for child in self._strays:
            self._let_go(child, DISMISSED)
        self._strays = []

    def _let_go(self, child: Child, number: int) -> None:
        child.hang_up()
        self.leaving[child.pid] = child, time.monotonic() + self.drain_seconds + EXTRA
        _send(child.pid, number)

    def _kill_late(self) -> None:
        now = time.monotonic()
        for pid, (_, deadline) in self.leaving.items():
            if now > deadline:
                LOG.error("forced_exit", pid=pid, afterSeconds=self.drain_seconds)
                _send(pid, signal.SIGKILL)

    def _tell_all(self) -> float:
        LOG.info("stopping", drainSeconds=self.drain_seconds)
        self._reload.cancel()
        self._dismiss_strays()
        self._signal(signal.SIGTERM)
        return time.monotonic() + self.drain_seconds + EXTRA

    def _kill_all(self) -> None:
        LOG.error("forced_exit", afterSeconds=self.drain_seconds)
        self.exit_code = 1
        self._signal(signal.SIGKILL)

    def _note(self, child: Child, code: int) -> None:
        has_heard = child.is_ready or code != -signal.SIGTERM  # one that was starting dies of the signal
        if self.is_ending and has_heard:
            self.exit_code = self.exit_code or (1 if code else 0)

    def _signal(self, number: int) -> None:
        for pid in (*(child.pid for seat in self.seats for child in seat.children), *self.leaving):
            _send(pid, number)


def _send(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
