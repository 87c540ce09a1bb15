"""Passwords known from breaches, in a local file: one SHA-1 in hexadecimal a line, sorted, perhaps with `:count` behind it.

It is the form in which Pwned Passwords are handed out "ordered by hash" (haveibeenpwned.com). No password and no part of its hash
leaves the machine. SHA-1 is the format's; nothing here rests on its strength (ASVS 6.2.12).
"""

import hashlib
import os
import re
from pathlib import Path

LINE = re.compile(rb"[0-9A-Fa-f]{40}(:\d+)?\r?\n?")
LONGEST_LINE = 80  # bytes: a hash, a colon, a count, an end of line


class BreachFile:
    """Searched by bisection: some forty reads of one line in a file of any size. Blocks, so run it on a thread."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def knows(self, password: str) -> bool:
        """Whether the password is in the file. Raises OSError when the file is gone."""
        wanted = hashlib.sha1(password.encode("utf-8", "replace"), usedforsecurity=False).hexdigest().upper().encode()
        descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            low, high = 0, os.fstat(descriptor).st_size
            while low < high:  # the first line that is not smaller begins in [low, high]
                middle = (low + high) // 2
                begin, line = _line_from(descriptor, middle)
                if line[:40].upper() < wanted and line:
                    low = begin + len(line)
                else:
                    high = middle
            return _line_from(descriptor, low)[1][:40].upper() == wanted
        finally:
            os.close(descriptor)


def what_is_wrong(path: Path) -> str | None:
    """Why the file cannot be used, in one sentence; None when it looks right."""
    try:
        with path.open("rb") as file:
            lines = [file.readline(LONGEST_LINE + 1) for _ in range(2)]
    except OSError:
        return "PASSWORD__BREACH_FILE cannot be read."
    hashes = [line[:40].upper() for line in lines if line]
    if not hashes or not all(LINE.fullmatch(line) for line in lines if line) or hashes != sorted(hashes):
        return "PASSWORD__BREACH_FILE must hold sorted SHA-1 hashes, one a line, as Pwned Passwords ordered by hash."
    return None


def _line_from(descriptor: int, offset: int) -> tuple[int, bytes]:
    """The first whole line that begins at or behind the offset, and where it begins; empty at the end of the file."""
    begin = max(0, offset - 1)
    block = os.pread(descriptor, 3 * LONGEST_LINE, begin)
    if offset:  # a line begins here only if the byte before ends one
        skipped = block.find(b"\n") + 1
        if not skipped:
            return begin + len(block), b""
        begin, block = begin + skipped, block[skipped:]
    return begin, block[: block.find(b"\n") + 1] or block
