"""A supervisor starts anew in its own place: new code and settings, same process id, same sockets, same workers (R-317).

The old one executes the new one over itself. Listening sockets stay open meanwhile and workers serve on, so nobody notices.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from mainspring.core.observability import get_logger

from .manager import tell_reloading
from .seats import Seat
from .signals import hold_back

LOG = get_logger(__name__)
VARIABLE = "MAINSPRING_HANDOVER"


@dataclass(frozen=True, slots=True)
class Handover:
    """What a supervisor found when it began: sockets, the worker of each, and workers that were leaving already."""

    listeners: list[socket.socket]
    workers: list[int]
    leaving: list[int]


class Reload:
    """What SIGHUP asks for: a rehearsal in a process of its own, then the handover. What cannot start changes nothing."""

    def __init__(self) -> None:
        self.is_asked = False
        self._rehearsal: subprocess.Popen[bytes] | None = None

    def ask(self, *_: object) -> None:
        """Reload soon. A signal handler."""
        self.is_asked = True

    def cancel(self) -> None:
        """There will be no reload."""
        if self._rehearsal is not None:
            self._rehearsal.kill()

    def go_on(self, seats: Sequence[Seat], leaving: Iterable[int]) -> None:
        """Take the next step that is due; the last one does not return. It waits until nobody starts or is stale."""
        if self._rehearsal is None:
            if self.is_asked:
                self.is_asked = False
                LOG.info("reloading")
                self._rehearsal = subprocess.Popen([*_command_line(), "--check"], stdout=subprocess.DEVNULL)
        elif (code := self._rehearsal.poll()) is not None:
            if code != 0:
                LOG.error("reload_refused", exitCode=code)
                self._rehearsal = None
            elif all(seat.is_settled for seat in seats):
                tell_reloading()
                hand_over(seats, list(leaving))


def hand_over(seats: Sequence[Seat], leaving: Sequence[int]) -> NoReturn:
    """Become the new program. Every seat must have a child that serves."""
    listeners = [seat.listener for seat in seats if seat.listener is not None]
    told = {
        "listeners": [listener.fileno() for listener in listeners],
        "workers": [child.pid for seat in seats for child in seat.children],
        "leaving": list(leaving),
    }
    for listener in listeners:
        listener.set_inheritable(True)
    hold_back()  # the new supervisor hears them
    os.execve(sys.executable, _command_line(), os.environ | {VARIABLE: json.dumps(told)})  # noqa: S606 - our own command line


def take_over() -> Handover | None:
    """What the supervisor before this one left to us, if there was one."""
    text = os.environ.pop(VARIABLE, "")
    if not text:
        return None
    told = json.loads(text)
    listeners = [socket.socket(fileno=number) for number in told["listeners"]]
    for listener in listeners:
        listener.set_inheritable(False)
    return Handover(listeners, told["workers"], told["leaving"])


def has_terminal() -> bool:
    """Whether a person's terminal stands behind this process; its end then ends the program, too."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _command_line() -> list[str]:
    return [sys.executable, *sys.orig_argv[1:]]
