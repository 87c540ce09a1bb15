"""Runs what is ready in this process, one after another, until nothing is: for tests and commands."""

from typing import TYPE_CHECKING

from .engine import JobEngine
from .worker import JobWorker

if TYPE_CHECKING:
    from ..application import Application


async def work_until_idle(application: "Application") -> int:
    """Run every due job; how many were claimed. Raises what jobs died of."""
    ends = application.resolve(JobEngine).ends
    died: list[BaseException] = []
    ends.died = died
    try:
        count = await application.resolve(JobWorker).run_out()
    finally:
        ends.died = None
    if len(died) == 1:
        raise died[0]
    if died:
        raise BaseExceptionGroup("jobs died", died)
    return count
