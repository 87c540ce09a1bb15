"""Background tasks that nobody waits for: each is kept alive, named, and its failure reaches the log (R-129)."""

import asyncio
import logging
import sys
from collections.abc import Coroutine
from contextvars import Context
from typing import Any, TypeVar

T = TypeVar("T")

RUNNING: set[asyncio.Task[Any]] = set()  # the event loop keeps weak references only
CANCEL_AGAIN_SECONDS = 15.0  # longer than any clean-up may take, or it would be cut short
CAN_START_EAGERLY = sys.version_info >= (3, 12)
logger = logging.getLogger(__name__)


def start(work: Coroutine[Any, Any, T], *, name: str, context: Context | None = None) -> asyncio.Task[T]:
    """Run `work` beside the caller. A failure is logged under `name`; whoever awaits the task gets it too.

    Work for everybody takes an empty `context`, so that it does not log as the request that started it.
    """
    task = asyncio.create_task(work, name=name, context=context)
    RUNNING.add(task)
    task.add_done_callback(_ended)
    return task


def at_once(work: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop) -> None:
    """Run `work` up to its first wait before this returns (from Python 3.12), the rest beside the caller.

    For the server, whose callbacks start a request thousands of times a second. A failure is logged.
    """
    if not CAN_START_EAGERLY:
        task = loop.create_task(work)
    else:
        task = asyncio.Task(work, loop=loop, eager_start=True)  # type: ignore[call-arg]  # from 3.12
        if task.done():
            _ended(task)
            return
    RUNNING.add(task)
    task.add_done_callback(_ended)


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end, even when the caller is cancelled meanwhile; the cancellation is raised afterwards."""
    if sys.version_info >= (3, 12):
        task = asyncio.Task(work, loop=asyncio.get_running_loop(), eager_start=True)  # begins now, not a turn later
    else:
        task = asyncio.create_task(work)
    if not task.done():
        RUNNING.add(task)
        task.add_done_callback(RUNNING.discard)
    return await settled(task)


async def settled(work: "asyncio.Future[T]") -> T:
    """Wait until `work` is done, even when the caller is cancelled meanwhile; the cancellation is raised afterwards."""
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError as error:
            cancelled = error
        except Exception:  # result() below raises it
            break
    if cancelled is None:
        return work.result()
    if not work.cancelled():
        work.exception()  # seen, so that asyncio does not report it as lost
    raise cancelled


def heed_cancellation() -> None:
    """Raise CancelledError when the running task was cancelled and the cancellation was lost on its way.

    `asyncio.wait_for` of Python 3.11, which clients of brokers use, answers with the result when what it waited for ends in the
    same turn. A loop around such a client asks here, or it would never end.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def stop(task: asyncio.Task[Any]) -> None:
    """Cancel a task and wait until it has ended; one that goes on for 15 seconds is cancelled again."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=CANCEL_AGAIN_SECONDS)


def _ended(task: asyncio.Task[Any]) -> None:
    RUNNING.discard(task)
    if not task.cancelled() and (error := task.exception()):
        logger.error("task %s failed", task.get_name(), exc_info=error)
