"""An application with a mailroom whose subscribers leave marks."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from mainspring.core.application import Application
from mainspring.core.database import Database, Statement, bind
from mainspring.core.jobs.models import Job
from mainspring.core.module import Module, discover
from mainspring.core.security.claim_once import Claim
from mainspring.core.settings import Settings
from tests.integration.core.events.mailroom import subscribers as mailroom

MAILROOM = Module("mailroom", "tests.integration.core.events.mailroom")
MARKS = Statement(select(Claim.subject).where(Claim.purpose == bind("purpose", Claim.purpose)).order_by(Claim.id), str)
ROWS = Statement(select(Job.name, Job.state, Job.lane, Job.lane_seq, Job.payload_version).order_by(Job.id))


@pytest.fixture
async def application(settings: Settings) -> AsyncIterator[Application]:
    mailroom.RAN.clear()
    mailroom.FAILING.clear()
    application = Application(settings, [*discover(), MAILROOM])
    await application.start()
    try:
        yield application
    finally:
        await application.stop()


async def marks(database: Database, purpose: str) -> list[str]:
    """What a subscriber has written, in the order in which it wrote."""
    return await database.begin_reading().all(MARKS, purpose=purpose)


async def rows(database: Database) -> list[tuple[str, str, str | None, int | None, int]]:
    """Every job: its name, state, lane, place in the lane, and version."""
    return await database.begin_reading().all(ROWS)
