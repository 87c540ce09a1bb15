"""The process's workflows, and a worker that carries every due one, here."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mainspring.core import clock
from mainspring.core.application import Application
from mainspring.core.database import Statement, bind, update_of
from mainspring.core.jobs.draining import work_until_idle
from mainspring.core.jobs.models import Job
from mainspring.core.workflows import Workflows
from mainspring.core.workflows.models import Workflow

ROUNDS = 5
LEASES_END: Statement[Any] = Statement(
    update_of(Job).where(Job.state == "waiting", Job.name == "workflows.carry").values(run_at=bind("run_at", Job.run_at))
)
DEADLINES_PASS: Statement[Any] = Statement(update_of(Workflow).values(deadline_at=bind("deadline_at", Workflow.deadline_at)))


@pytest.fixture
def workflows(application: Application) -> Workflows:
    return application.resolve(Workflows)


@pytest.fixture
def work(application: Application) -> Callable[[], Awaitable[None]]:
    """Carry every workflow that is due, also those that come due a moment later."""

    async def work() -> None:
        for _ in range(ROUNDS):
            await work_until_idle(application)
            await asyncio.sleep(0.01)

    return work


@pytest.fixture
def leases_end(application: Application) -> Callable[[], Awaitable[None]]:
    """Let the time pass after which a workflow of a dead process is carried elsewhere."""

    async def end() -> None:
        async with application.unit() as uow:
            await uow.run(LEASES_END, run_at=clock.now())

    return end


@pytest.fixture
def deadlines_pass(application: Application, leases_end: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """Let the time pass until every workflow has taken too long."""

    async def end() -> None:
        async with application.unit() as uow:
            await uow.run(DEADLINES_PASS, deadline_at=clock.now())
        await leases_end()

    return end
