"""`serve --reload`: starts the server again whenever a source file changes. For development only."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from mainspring.core.observability import get_logger

LOG = get_logger(__name__)
EVERY = 0.5
ENDINGS = (".py", ".env", ".sql", ".html")
SKIPPED = frozenset(("node_modules", "__pycache__", "site-packages"))


def serve_and_reload() -> int:
    """Run `mainspring serve` as a child until a signal ends it; the exit code."""
    ended = False

    def end(*_: object) -> None:
        nonlocal ended
        ended = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    seen = _snapshot()
    child = _start()
    while not ended:
        time.sleep(EVERY)
        now = _snapshot()
        if now != seen:
            changed = sorted(path for path in now.keys() | seen.keys() if now.get(path) != seen.get(path))
            LOG.info("reloading", changed=changed[0])
            seen = now
            _stop(child)
            child = _start()
    return _stop(child)


def _start() -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "mainspring", "serve"], start_new_session=True)


def _stop(child: "subprocess.Popen[bytes]") -> int:
    if child.poll() is None:
        child.terminate()
    return child.wait()


def _snapshot() -> dict[str, int]:
    """Every source file below the current folder and our own package, with the time it was changed."""
    return {path: changed for root in {Path.cwd(), Path(__file__).parents[2]} for path, changed in _files(str(root))}


def _files(folder: str) -> Iterator[tuple[str, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith(".") and entry.name not in SKIPPED:
                    yield from _files(entry.path)
            elif entry.name.endswith(ENDINGS):
                yield entry.path, entry.stat().st_mtime_ns
