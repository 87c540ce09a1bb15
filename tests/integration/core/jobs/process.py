"""A process that runs the jobs of the workshop and the tower until it is killed or its standard input ends.

Run as `python -m tests.integration.core.jobs.process URL FOLDER MODULES PACE`; with the pace `fast` leases take a second instead
of fifteen.
"""

import asyncio
import sys
from pathlib import Path

import uvloop

from mainspring.core.application import Application
from mainspring.core.jobs import engine, sweeping, watch
from mainspring.core.jobs.worker import JobWorker
from mainspring.core.module import Module, discover
from mainspring.core.observability import configure_logs
from mainspring.testing.databases import settings_for

PACKAGE = "tests.integration.core.jobs"


async def work(url: str, folder: Path, names: list[str]) -> None:
    settings = settings_for(url, folder, {"LOG_LEVEL": "info"})
    configure_logs(settings, 2)
    application = Application(settings, [*discover(), *(Module(name, f"{PACKAGE}.{name}") for name in names)])
    await application.start()
    worker = JobWorker(application, concurrency=4)
    await worker.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    await worker.drain(5)
    await application.stop()


if __name__ == "__main__":
    if sys.argv[4] == "fast":
        engine.BEAT_SECONDS, sweeping.LEASE_SECONDS, watch.SWEEP_SECONDS = 0.2, 1.0, 0.2
    uvloop.run(work(sys.argv[1], Path(sys.argv[2]), sys.argv[3].split(",")))
