"""Isolated jobs run in a process of their own, which a timeout or a cancellation ends (R-263)."""

import os
from uuid import UUID

import pytest

from mainspring.core.application import Application
from mainspring.core.database import Database
from mainspring.core.jobs.attempts import TimedOut
from mainspring.core.jobs.worker import JobWorker
from mainspring.testing.client import AppClient
from tests.integration.core.jobs.conftest import all_are, marks, row_of, states, until
from tests.integration.core.jobs.workshop.jobs import Apart


async def test_it_runs_elsewhere_and_its_process_is_used_again(database: Database, app: AppClient) -> None:
    async with database.unit() as uow:
        uow.enqueue(Apart())
        uow.enqueue(Apart())

    await app.work()

    elsewhere = await marks(database, "apart")
    assert len(elsewhere) == 2
    assert len(set(elsewhere)) == 1
    assert str(os.getpid()) not in elsewhere


async def test_a_timeout_ends_a_process_that_is_stuck(database: Database, app: AppClient) -> None:
    async with database.unit() as uow:
        uow.enqueue(Apart(60.0))

    with pytest.raises(TimedOut, match="its process was ended"):
        await app.work()

    assert (await states(database), await marks(database, "apart")) == (["dead"], [])


async def test_a_cancellation_ends_it(application: Application, database: Database) -> None:
    worker = JobWorker(application, concurrency=2)
    await worker.start()
    async with database.unit() as uow:
        id = uow.enqueue(Apart(1.5))
    await until(lambda: begun(worker, id))

    worker.engine.cancel(id)
    await until(lambda: all_are(database, "cancelled"))

    assert (await row_of(database, "workshop.apart"))["error"] == "Cancelled while it ran"
    await worker.drain(1)


async def begun(worker: JobWorker, id: UUID) -> bool:
    return any(id in post.running for post in worker.engine.posts.values())
