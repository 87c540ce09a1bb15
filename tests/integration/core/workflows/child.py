"""A process beside the test: `python -m tests.integration.core.workflows.child URL FOLDER TROUBLE...`.

It carries out one trip for each TROUBLE, all at once, and prints `begun ID`, then `ended ID` with how it ended. The TROUBLE
`work` is none: the process runs a worker, says `working`, and stays until it is killed.
"""

import asyncio
import contextlib
import os
import sys
from datetime import timedelta
from pathlib import Path

from mainspring.core import ids
from mainspring.core.application import Application
from mainspring.core.errors import MainspringError
from mainspring.core.jobs.worker import JobWorker
from mainspring.core.module import Module, discover
from mainspring.core.workflows import Workflows
from mainspring.testing.databases import settings_for
from tests.integration.core.workflows.sagas import BookTrip

AGENCY = Module("agency", "tests.integration.core.workflows.agency")  # so that isolated jobs know the workflows too


def tell(line: str) -> None:
    os.write(1, f"{line}\n".encode())


async def carry_out(workflows: Workflows, folder: str, trouble: str) -> None:
    wish = BookTrip(ids.new(), folder, trouble)
    tell(f"begun {wish.trip}")
    try:
        await workflows.run(wish, key=str(wish.trip), wait=timedelta(seconds=2))
    except MainspringError as error:
        tell(f"ended {wish.trip} {type(error).code}")
    else:
        tell(f"ended {wish.trip} done")


async def work(application: Application) -> None:
    await application.resolve(JobWorker).start()
    tell("working")
    await asyncio.Event().wait()


async def main(url: str, folder: str, *troubles: str) -> None:
    application = Application(settings_for(url, Path(folder), {"DB_POOL_MAX": "5"}), [*discover(), AGENCY])
    await application.start()
    workflows = application.resolve(Workflows)
    try:
        async with asyncio.TaskGroup() as group:
            for trouble in troubles:
                group.create_task(work(application) if trouble == "work" else carry_out(workflows, folder, trouble))
    finally:
        await application.stop()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(*sys.argv[1:]))
