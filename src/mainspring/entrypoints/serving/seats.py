"""The places of the processes, and who sits on them."""

import os
import socket
from dataclasses import dataclass

YOUNG = 5.0
LONGEST_PAUSE = 10.0


@dataclass(slots=True)
class Child:
    """One process. `line` is our end of the pipe on which it speaks, -1 when it has none."""

    pid: int
    line: int
    born: float
    is_ready: bool = False

    def hang_up(self) -> None:
        """Listen to it no longer."""
        if self.line >= 0:
            os.close(self.line)
            self.line = -1

    def exit_code(self) -> int | None:
        """How it ended, negative for a signal; None while it runs."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if pid else None


@dataclass(slots=True)
class Seat:
    """The place of one process: its listening socket, if it has one, outlives it, so connections wait for the successor.

    A `successor` starts while the child still serves, and takes the seat once it serves too.
    """

    listener: socket.socket | None
    child: Child | None = None
    successor: Child | None = None
    is_stale: bool = False  # whoever sits on it is to be replaced
    failures: int = 0
    due: float = 0.0

    @property
    def children(self) -> list[Child]:
        """The processes of this seat, the one that serves first."""
        return [child for child in (self.child, self.successor) if child is not None]

    @property
    def is_settled(self) -> bool:
        """Whether its process serves and may stay."""
        return self.child is not None and self.child.is_ready and not self.is_stale

    def put_off(self, born: float, now: float) -> float:
        """Note that a process ended by itself; the seconds until the next may start, more each time one ends young."""
        self.failures = self.failures + 1 if now - born < YOUNG else 0
        pause = min(0.25 * 2**self.failures, LONGEST_PAUSE) if self.failures > 1 else 0.0
        self.due = now + pause
        return pause
