"""Idempotency keys whose first request still runs, among the processes of one machine (ARCHITECTURE 10 i, decision 27).

SQLite has one writer, so a second process would wait for it instead of answering 409 at once. Each key is therefore a byte of a
file that the process locks: a question costs microseconds, and the kernel frees the byte when the process dies, however it dies.
The file stays empty. PostgreSQL has advisory locks of its own, so there only the process's own requests are remembered here.
"""

import fcntl
import os
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

FILE = "idempotency.lock"


@dataclass(slots=True)
class _Held:
    """What this process holds in one folder; `file` is open while that is something that others must see."""

    names: set[str] = field(default_factory=set)
    file: int | None = None


# Of the whole process: closing any descriptor of a file frees every byte that the process locked in it (POSIX fcntl).
_HELD: dict[tuple[int, Path], _Held] = {}


class InFlight:
    """The keys under way, for what is in one folder; with `is_shared` those of other processes too."""

    def __init__(self, folder: Path, *, is_shared: bool) -> None:
        self._folder, self._is_shared = folder, is_shared

    def enter(self, name: str) -> bool:
        """Hold the name; False when another request holds it, here or in another process."""
        held = _HELD.setdefault((os.getpid(), self._folder), _Held())
        if name in held.names:
            return False
        if self._is_shared and not self._locked(held, name):
            return False
        held.names.add(name)
        return True

    def leave(self, name: str) -> None:
        """Let go of a name that was entered."""
        place = (os.getpid(), self._folder)
        held = _HELD[place]
        held.names.discard(name)
        if not held.names:
            del _HELD[place]
            if held.file is not None:
                os.close(held.file)
        elif held.file is not None and self._is_shared:
            fcntl.lockf(held.file, fcntl.LOCK_UN, 1, _place_of(name))

    def _locked(self, held: _Held, name: str) -> bool:
        if held.file is None:
            held.file = os.open(self._folder / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.lockf(held.file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _place_of(name))
        except (BlockingIOError, PermissionError):  # EAGAIN or EACCES, whichever the system says
            return False
        return True


def _place_of(name: str) -> int:
    """The byte that stands for the name, in a file that may be 2^62 bytes long."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest()) >> 2
