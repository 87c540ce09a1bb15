"""One serving process: opens the application, serves, and drains when it is told to end (R-316)."""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Callable

import uvloop

from mainspring.core import tasks
from mainspring.core.application import Application
from mainspring.core.audit.keeper import AuditKeeper
from mainspring.core.audit.running import record_end, record_start
from mainspring.core.errors import Unavailable
from mainspring.core.events.listening import EventListener
from mainspring.core.jobs.worker import JobWorker
from mainspring.core.module import BootRefused
from mainspring.core.observability import batch_logs, close_logs, get_logger
from mainspring.core.observability.metrics import keep_metrics
from mainspring.core.observability.stores import watch_stores

from .server import ASGI, Server

LOG = get_logger(__name__)
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
PR_SET_PDEATHSIG = 1
CLOSING_SECONDS = 1.0  # of the drain timeout, kept for closing what is open


def work(application: Application, program: ASGI | None, listener: socket.socket | None, ready: Callable[[], None]) -> int:
    """Serve and run jobs until a signal comes; the exit code. `ready` is called once requests are answered.

    Without a program or a listener only jobs are run.
    """
    _end_with_parent()
    batch_logs()
    try:
        return uvloop.run(_serve(application, program, listener, ready), debug=application.settings.debug)
    except BootRefused as refused:
        LOG.error("refused", reason=str(refused))
        return 1
    finally:
        close_logs()


async def _serve(
    application: Application, program: ASGI | None, listener: socket.socket | None, ready: Callable[[], None]
) -> int:
    loop = asyncio.get_running_loop()
    told_to_end = asyncio.Event()
    for number in SIGNALS:
        loop.add_signal_handler(number, told_to_end.set)
    try:
        await application.start()
    except Unavailable as problem:
        raise BootRefused(str(problem)) from None
    watching = [tasks.start(watch_stores(application), name="stores"), keep_metrics(application)]
    worker = application.resolve(JobWorker)
    if worker.concurrency > 0:
        await worker.start()
        await application.resolve(EventListener).start()
    application.resolve(AuditKeeper).start(works=worker.concurrency > 0)
    server = Server(program) if program is not None else None
    if server is not None and listener is not None:
        await server.listen(listener)
    ready()
    await record_start(application, "serve" if server is not None else "worker")
    await told_to_end.wait()
    timeout = application.settings.drain_timeout.total_seconds()
    try:
        async with asyncio.timeout(timeout):
            application.draining.set()
            await application.resolve(EventListener).stop()
            jobs = tasks.start(worker.drain(max(timeout - CLOSING_SECONDS, timeout / 2)), name="jobs end")
            if server is not None:
                await server.drain()
                LOG.debug("requests_answered", pid=os.getpid())
            await jobs
            for watcher in watching:
                watcher.cancel()
            await record_end(application)
            await application.stop()
            LOG.debug("stores_closed", pid=os.getpid())
    except TimeoutError:
        LOG.error("forced_exit", pid=os.getpid(), unanswered=server.running if server else 0, afterSeconds=timeout)
        return 1
    return 0


def _end_with_parent() -> None:
    """Ask Linux for a SIGTERM when the supervisor dies, however it dies."""
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
