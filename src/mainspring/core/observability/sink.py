"""Where log lines go: a file descriptor and, with LOG_DIR, error.log and combined.log (R-191).

In a server the lines of about 100 ms leave together, written by one thread, so a slow reader of our output never stops an answer.
At its end a process writes what is left. Before `batch` is called, each line is written at once.
"""

import atexit
import contextlib
import os
import threading
import time
from pathlib import Path

INTERVAL = 0.1
MOST_BYTES = 8 * 1024 * 1024
LAST_WAIT = 2.0


class LogFile:
    """A file that is appended to, and opened anew when somebody moved it away (logrotate)."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.descriptor = self._open()

    def write(self, data: bytes) -> None:
        """Append; several processes may append at once."""
        with contextlib.suppress(FileNotFoundError):
            if os.stat(self.path).st_ino != os.fstat(self.descriptor).st_ino:
                raise FileNotFoundError
            _write_all(self.descriptor, data)
            return
        os.close(self.descriptor)
        self.descriptor = self._open()
        _write_all(self.descriptor, data)

    def _open(self) -> int:
        return os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)


class Sink:
    """Takes lines from any thread and never blocks the caller once it batches."""

    def __init__(self, descriptor: int = 2, folder: Path | None = None) -> None:
        self.descriptor = descriptor
        self.combined = LogFile(folder / "combined.log") if folder else None
        self.errors = LogFile(folder / "error.log") if folder else None
        self.lines: list[bytes] = []
        self.error_lines: list[bytes] = []
        self.waiting_bytes = 0
        self.dropped = 0
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._writing = threading.Lock()
        self._writer: threading.Thread | None = None
        self._is_closing = False

    def write(self, line: bytes, *, is_urgent: bool = False) -> None:
        """Take one line, its end included. Urgent ones (warnings, errors) do not wait for the batch."""
        if self.waiting_bytes > MOST_BYTES:
            self.dropped += 1
            return
        self.waiting_bytes += len(line)
        self.lines.append(line)
        if self._writer is None:
            self.flush()
        elif len(self.lines) == 1 or is_urgent:
            if is_urgent:
                self._hurry.set()
            self._wake.set()

    def write_error(self, line: bytes) -> None:
        """Take a line for error.log besides."""
        if self.errors:
            self.error_lines.append(line)
        self.write(line, is_urgent=True)

    def batch(self) -> None:
        """From now on write in batches, on a thread. Called once in a process, after any fork."""
        if self._writer is None:
            self._writer = threading.Thread(target=self._run, name="logs", daemon=True)
            self._writer.start()
            atexit.register(self.close)

    def close(self) -> None:
        """Write what is left and return to writing at once. Gives a stuck reader two seconds."""
        writer, self._is_closing = self._writer, True
        if writer is not None:
            self._hurry.set()
            self._wake.set()
            writer.join(LAST_WAIT)
            self._writer = None
            if not writer.is_alive():
                self.flush()

    def flush(self) -> None:
        """Write every line taken so far."""
        with self._writing:
            lines, self.lines = self.lines, []
            errors, self.error_lines = self.error_lines, []
            self.waiting_bytes = 0
            if self.dropped:
                lines.append(b'{"level":"warn","message":"log_lines_dropped","count":%d}\n' % self.dropped)
                self.dropped = 0
            data = b"".join(lines)
            if data:
                with contextlib.suppress(OSError):  # nobody reads our output any more: the files may still work
                    _write_all(self.descriptor, data)
                self._append(self.combined, lines)
            if errors:
                self._append(self.errors, errors)

    def _append(self, file: LogFile | None, lines: list[bytes]) -> None:
        """A full disk costs the file these lines, and nothing else: they went to the output, and the next ones may find room."""
        if file is None:
            return
        try:
            file.write(b"".join(lines))
        except OSError:
            self.dropped += len(lines)

    def _run(self) -> None:
        while not self._is_closing:
            self._wake.wait()
            self._wake.clear()
            self._hurry.wait(INTERVAL)
            self._hurry.clear()
            self.flush()


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:  # a descriptor that somebody made non-blocking
            time.sleep(0.005)
