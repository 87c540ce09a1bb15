"""A process that runs the jobs of the workshop, carried by a broker, until it is killed.

`python -m tests.integration.brokers.process URL FOLDER TRANSPORT BROKER_URL NAME`
"""

import asyncio
import sys
from pathlib import Path

import uvloop

from mainspring.core.application import Application
from mainspring.core.jobs import engine, sweeping, watch
from mainspring.core.jobs.carrying import lookout
from mainspring.core.jobs.worker import JobWorker
from mainspring.core.locks import duty, lease
from mainspring.core.module import discover
from mainspring.testing.databases import settings_for
from tests.integration.core.jobs.conftest import WORKSHOP


async def work(database: str, folder: Path, kind: str, url: str, name: str) -> None:
    environment = {"JOBS__TRANSPORT": kind, "JOBS__TRANSPORT_URL": url, "JOBS__TRANSPORT_NAME": name}
    application = Application(settings_for(database, folder, environment), [*discover(), WORKSHOP])
    await application.start()
    await JobWorker(application, concurrency=4).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    engine.BEAT_SECONDS, sweeping.LEASE_SECONDS, watch.SWEEP_SECONDS = 0.2, 1.0, 0.2
    duty.BEAT_SECONDS, lease.LEASE_SECONDS, lookout.COUNT_SECONDS = 0.3, 1.0, 0.5
    uvloop.run(work(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]))
