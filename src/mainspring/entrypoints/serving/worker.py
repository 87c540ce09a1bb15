"""One serving process: opens the application, serves, and drains when it is told to end (R-316)."""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys

import uvloop

from mainspring.core import tasks
from mainspring.core.application import Application
from mainspring.core.audit.keeper import AuditKeeper
from mainspring.core.audit.running import record_end, record_start
from mainspring.core.errors import Unavailable
from mainspring.core.events.listening import EventListener
from mainspring.core.jobs.worker import JobWorker
from mainspring.core.limits.wiring import start_limits
from mainspring.core.module import BootRefused
from mainspring.core.observability import batch_logs, close_logs, get_logger
from mainspring.core.observability.metrics import keep_metrics
from mainspring.core.observability.stores import watch_stores

from .lifetime import Lifetime
from .line import Line
from .server import ASGI, Server
from .signals import DISMISSED, ENDING, SUCCEEDED

LOG = get_logger(__name__)
PR_SET_PDEATHSIG = 1
CLOSING_SECONDS = 1.0  # of the drain timeout, kept for closing what is open


def work(application: Application, program: ASGI | None, listener: socket.socket | None, line: Line) -> int:
    """Serve and run jobs until a signal comes; the exit code. The line hears when requests are answered.

    Without a program or a listener only jobs are run.
    """
    _end_with_parent()
    batch_logs()
    try:
        return uvloop.run(_serve(application, program, listener, line), debug=application.settings.debug)
    except BootRefused as refused:
        LOG.error("refused", reason=str(refused))
        return 1
    finally:
        close_logs()


async def _serve(application: Application, program: ASGI | None, listener: socket.socket | None, line: Line) -> int:
    told: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    _listen_to_signals(told)
    try:
        await application.start()
    except Unavailable as problem:
        raise BootRefused(str(problem)) from None
    if program is not None:
        await start_limits(application)
    watching = [tasks.start(watch_stores(application), name="stores"), keep_metrics(application)]
    worker = application.resolve(JobWorker)
    if worker.concurrency > 0:
        await worker.start()
        await application.resolve(EventListener).start()
    application.resolve(AuditKeeper).start(works=worker.concurrency > 0)
    server = Server(program) if program is not None else None
    if server is not None and listener is not None:
        await server.listen(listener)
    line.ready()
    lifetime = Lifetime(application.settings)
    watching.append(tasks.start(lifetime.watch(lambda: server.started if server else 0, line.ask), name="lifetime"))
    await record_start(application, "serve" if server is not None else "worker")
    number = await told
    application.is_succeeded = number in (SUCCEEDED, DISMISSED)
    application.draining.set()
    if server is not None and not application.is_succeeded:
        await asyncio.sleep(application.settings.drain_delay.total_seconds())
    timeout = application.settings.drain_timeout.total_seconds()
    try:
        async with asyncio.timeout(timeout):
            await application.resolve(EventListener).stop()
            jobs = tasks.start(worker.drain(max(timeout - CLOSING_SECONDS, timeout / 2)), name="jobs end")
            if server is not None:
                await server.drain(hands_over=number == SUCCEEDED, at_leisure=application.is_succeeded)
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


def _listen_to_signals(told: "asyncio.Future[int]") -> None:
    def tell(number: int) -> None:
        if not told.done():
            told.set_result(number)

    for number in (*ENDING, SUCCEEDED, DISMISSED):
        asyncio.get_running_loop().add_signal_handler(number, tell, number)


def _end_with_parent() -> None:
    """Ask Linux for a SIGTERM when the supervisor dies, however it dies."""
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
