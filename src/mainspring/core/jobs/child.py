"""The process of its own in which isolated jobs run: `python -m mainspring.core.jobs.child <descriptor>`, started by `children`.

It reads pickled orders from its standard input and writes answers to the descriptor. It ends with its input, or with its parent.
"""

import asyncio
import contextlib
import ctypes
import gc
import os
import pickle
import signal
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..application import Application

PR_SET_PDEATHSIG = 1


def main(descriptor: int) -> int:
    """Serve the parent until it closes the pipe; the exit code."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the parent decides, and it closes the pipe or kills
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    paths = _read()
    if paths is None:
        return 0
    sys.path[:] = paths
    whole = _read()
    if whole is None:
        return 0
    import uvloop

    from ..observability import configure_logs

    settings, modules = whole
    configure_logs(settings)
    uvloop.run(_serve(settings, modules, descriptor))
    return 0


async def _serve(settings: Any, modules: Any, descriptor: int) -> None:
    from ..application import Application

    application = Application(settings, modules)
    await application.start()
    gc.freeze()
    _write(descriptor, None)  # ready
    try:
        while (order := await asyncio.to_thread(_read)) is not None:
            _write(descriptor, await _run(application, order))
    finally:
        await application.stop()


async def _run(application: "Application", order: Any) -> Any:
    from concurrent.futures import ThreadPoolExecutor

    from .attempts import Attempt
    from .book import JobBook
    from .children import Answer
    from .finishing import Finisher

    definition = application.resolve(JobBook).find(order.claimed.name)
    assert definition is not None, "the parent knows it"  # noqa: S101
    with ThreadPoolExecutor(max_workers=1) as threads:
        database = application.databases[order.database]
        attempt = Attempt(application, database, definition, order.claimed, Finisher(database), threads=threads)
        outcome = await attempt.outcome()
    error = None if outcome.error is None else f"{type(outcome.error).__name__}: {outcome.error}"
    return Answer(outcome.state, error, outcome.run_at)


def _write(descriptor: int, thing: object) -> None:
    answer = pickle.dumps(thing)
    data = len(answer).to_bytes(4, "big") + answer
    while data:
        data = data[os.write(descriptor, data) :]


def _read() -> Any:
    head = sys.stdin.buffer.read(4)
    if len(head) < 4:
        return None
    return pickle.loads(sys.stdin.buffer.read(int.from_bytes(head, "big")))  # noqa: S301  our own parent wrote it


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
