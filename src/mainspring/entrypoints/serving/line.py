"""The line on which a worker speaks to its supervisor: that it serves, and that it should be replaced (R-317)."""

import contextlib
import os

READY = b"!"
REASONS = {b"a": "age", b"r": "requests", b"m": "memory"}


class Line:
    """The worker's end of a pipe. A supervisor that is gone, or started anew, does not listen; that is no error."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def ready(self) -> None:
        """Say that requests are answered."""
        self._say(READY)

    def ask(self, reason: str) -> None:
        """Ask for a successor because of one of REASONS; this process serves until it is told to leave."""
        self._say(next(sign for sign, word in REASONS.items() if word == reason))

    def _say(self, sign: bytes) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self.descriptor, sign)
