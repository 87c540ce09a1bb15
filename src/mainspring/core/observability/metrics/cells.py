"""The numbers of one process, in memory that other processes of the machine can read (decision 75).

A file is a head of 16 bytes (a mark, and the bytes in use) and one entry for each series: the lengths of its key and of its
values, the key as JSON, then the values as doubles. A process changes its own file only. It holds a lock on it as long as it
lives, so nobody has to guess from a process number whether the owner is still there.
"""

import fcntl
import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from ... import ids

CAPACITY = 4 * 1024 * 1024  # about 15,000 series; pages that were never written cost nothing
MARK = b"MSCELLS1"
HEAD = struct.Struct("<8sQ")
LENGTHS = struct.Struct("<II")
SUFFIX = ".cells"
LOCK = "lock"
SPARE = 1024  # bytes at the end that no series gets; what finds no room is written there


@dataclass(frozen=True, slots=True)
class Key:
    """What a series is. `across` says how the values of several processes become one; `bounds` are those of a histogram."""

    name: str
    kind: str
    text: str
    labels: tuple[tuple[str, str], ...]
    across: str = "sum"
    bounds: tuple[float, ...] = ()

    def encode(self) -> bytes:
        """As JSON."""
        return orjson.dumps([self.name, self.kind, self.text, self.labels, self.across, self.bounds])

    @classmethod
    def decode(cls, data: bytes) -> "Key":
        """From JSON."""
        name, kind, text, labels, across, bounds = orjson.loads(data)
        return cls(name, kind, text, tuple((label, value) for label, value in labels), across, tuple(bounds))


class Cells:
    """Values of this process: in private memory, or in a file of `folder`. `values[at]` is read and written directly."""

    def __init__(self, folder: Path | None = None) -> None:
        self.path: Path | None = None
        if folder is None:
            self._memory = mmap.mmap(-1, CAPACITY, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)  # not shared across a fork
        else:
            self.path = folder / f"{os.getpid()}-{ids.secret(4)}{SUFFIX}"
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            os.ftruncate(self._file, CAPACITY)
            self._memory = mmap.mmap(self._file, CAPACITY)
        self.values = memoryview(self._memory).cast("d")
        self.used = HEAD.size
        HEAD.pack_into(self._memory, 0, MARK, self.used)

    def add(self, key: Key, length: int) -> int:
        """A place for `length` values of a new series, all zero: the index of the first. Raises OverflowError without room."""
        data = key.encode()
        data += b" " * (-(self.used + LENGTHS.size + len(data)) % 8)
        start = self.used + LENGTHS.size + len(data)
        end = start + 8 * length
        if end > CAPACITY - SPARE:
            raise OverflowError("there is no room for another series")
        LENGTHS.pack_into(self._memory, self.used, len(data), length)
        self._memory[start - len(data) : start] = data
        self._memory[start:end] = bytes(8 * length)
        self.used = end
        HEAD.pack_into(self._memory, 0, MARK, end)  # last: whoever reads meanwhile sees whole entries only
        return start // 8

    def take_over(self, before: "Cells") -> None:
        """Lay out the same series at the same places, each value zero."""
        for key, values in before.read():
            self.add(key, len(values))

    def read(self) -> Iterator[tuple[Key, list[float]]]:
        """Every series with its values now."""
        return entries(self._memory[: self.used])

    def close(self) -> None:
        """Let the file go; what it counted goes on to count."""
        self.values.release()
        self._memory.close()  # it holds the file, and with it the lock, as well
        if self.path is not None:
            os.close(self._file)


def entries(data: bytes) -> Iterator[tuple[Key, list[float]]]:
    """The series in the bytes of a file; none when it is empty or of another version."""
    if len(data) < HEAD.size:
        return
    mark, used = HEAD.unpack_from(data)
    at = HEAD.size
    while mark == MARK and at < min(used, len(data)):
        key_length, count = LENGTHS.unpack_from(data, at)
        start = at + LENGTHS.size + key_length
        yield Key.decode(data[at + LENGTHS.size : start]), list(struct.unpack_from(f"<{count}d", data, start))
        at = start + 8 * count


def contents(path: Path) -> bytes:
    """The used part of a file; empty when it is gone meanwhile."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD.size)
            used = HEAD.unpack(head)[1] if len(head) == HEAD.size else 0
            return head + file.read(min(used, CAPACITY) - HEAD.size) if used > HEAD.size else head
    except FileNotFoundError:
        return b""


def is_alive(path: Path) -> bool:
    """Whether the process that writes the file still runs."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nobody else adds, folds or removes files meanwhile. Held for some milliseconds at most."""
    file = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
