"""An application with a workshop whose jobs leave marks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select

from mainspring.core.application import Application
from mainspring.core.database import Database, Statement, bind
from mainspring.core.jobs.models import Job
from mainspring.core.module import Module, discover
from mainspring.core.security.claim_once import Claim
from mainspring.core.settings import Settings
from tests.integration.core.jobs.workshop import jobs as workshop

WORKSHOP = Module("workshop", "tests.integration.core.jobs.workshop")
MARKS = Statement(select(Claim.subject).where(Claim.purpose == bind("purpose", Claim.purpose)).order_by(Claim.subject), str)
STATES = Statement(select(Job.state).where(Job.name.like("workshop.%")).order_by(Job.id), str)
COLUMNS = Statement(select(Job).where(Job.name == bind("name", Job.name)).order_by(Job.id))


@pytest.fixture
async def application(settings: Settings) -> AsyncIterator[Application]:
    workshop.reset()
    application = Application(settings, [*discover(), WORKSHOP])
    await application.start()
    try:
        yield application
    finally:
        await application.stop()


async def marks(database: Database, purpose: str = "stamp") -> list[str]:
    """What jobs of this kind have written."""
    return await database.begin_reading().all(MARKS, purpose=purpose)


async def states(database: Database) -> list[str]:
    """The state of every job of the workshop, in the order in which they were enqueued."""
    return await database.begin_reading().all(STATES)


async def row_of(database: Database, name: str) -> dict[str, Any]:
    """The newest row of a job."""
    values = (await database.begin_reading().all(COLUMNS, name=name))[-1]
    return dict(zip(Job.__table__.c.keys(), values, strict=True))


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 30.0) -> None:
    """Wait until something holds. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not await holds():
            await asyncio.sleep(0.01)


async def states_are(database: Database, wanted: list[str]) -> bool:
    """Whether the jobs of the workshop are in these states."""
    return await states(database) == wanted


async def all_are(database: Database, wanted: str) -> bool:
    """Whether every job of the workshop is in this state."""
    return set(await states(database)) == {wanted}
