"""When a worker has served long enough: by age, by requests, by memory (R-317)."""

import asyncio
import os
import random
import resource
import sys
from collections.abc import Callable

from mainspring.core.settings import Settings

EVERY = 1.0
SPREAD = 0.1  # workers that started together do not go together


class Lifetime:
    """The limits of one process, each shortened by up to a tenth by chance. Zero is no limit."""

    def __init__(self, settings: Settings) -> None:
        share = 1 - random.uniform(0, SPREAD)  # noqa: S311 - it spreads, it hides nothing
        self.seconds = settings.worker_max_age.total_seconds() * share
        self.requests = settings.worker_max_requests * share
        self.memory = settings.worker_max_memory  # what fits in must not depend on chance

    def is_over(self, seconds: float, requests: int, memory: int) -> str | None:
        """Which limit is passed, if any."""
        if self.seconds and seconds >= self.seconds:
            return "age"
        if self.requests and requests >= self.requests:
            return "requests"
        if self.memory and memory >= self.memory:
            return "memory"
        return None

    async def watch(self, requests: Callable[[], int], ask: Callable[[str], None]) -> None:
        """Look each second, and `ask` once for a successor."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            await asyncio.sleep(EVERY)
            memory = resident_bytes() if self.memory else 0
            if reason := self.is_over(loop.time() - began, requests(), memory):
                return ask(reason)


def resident_bytes() -> int:
    """The resident memory of this process now; where only the highest so far is known, that."""
    if sys.platform.startswith("linux"):
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
