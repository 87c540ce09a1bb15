"""Waiting for what must not be left half done."""

import asyncio
from typing import TypeVar

T = TypeVar("T")


async def settled(work: "asyncio.Future[T]") -> T:
    """Wait until the work is done, even when the waiting task is cancelled; the cancellation is raised afterwards."""
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError as error:
            cancelled = error
        except Exception:  # told below by result()
            break
    if cancelled is not None:
        if not work.cancelled():
            work.exception()  # seen, so that asyncio does not report it as lost
        raise cancelled
    return work.result()
