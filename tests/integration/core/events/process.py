"""A process that delivers to the mailroom until it is killed: `python -m tests.integration.core.events.process URL FOLDER`."""

import asyncio
import sys
from pathlib import Path

import uvloop

from mainspring.core.application import Application
from mainspring.core.jobs import engine, sweeping, watch
from mainspring.core.jobs.worker import JobWorker
from mainspring.core.module import discover
from mainspring.testing.databases import settings_for
from tests.integration.core.events.conftest import MAILROOM


async def work(url: str, folder: Path) -> None:
    application = Application(settings_for(url, folder, {}), [*discover(), MAILROOM])
    await application.start()
    await JobWorker(application, concurrency=4).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    engine.BEAT_SECONDS, sweeping.LEASE_SECONDS, watch.SWEEP_SECONDS = 0.2, 1.0, 0.2
    uvloop.run(work(sys.argv[1], Path(sys.argv[2])))
