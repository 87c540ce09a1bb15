"""An application with a workshop, and rows of jobs in any state."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from mainspring.core import clock, ids
from mainspring.core.application import Application
from mainspring.core.database import Database, Statement, insert_into
from mainspring.core.jobs.models import Job
from mainspring.core.module import discover
from mainspring.core.settings import Settings
from tests.integration.core.jobs.conftest import WORKSHOP

AddJob = Callable[..., Awaitable[UUID]]


@pytest.fixture
async def application(settings: Settings) -> AsyncIterator[Application]:
    application = Application(settings, [*discover(), WORKSHOP])
    await application.start()
    try:
        yield application
    finally:
        await application.stop()


@pytest.fixture
def add_job(database: Database) -> AddJob:
    """Write a row as it stands after some life; `due` is how long ago it was due."""

    async def add(state: str = "ready", *, due: timedelta = timedelta(0), **columns: Any) -> UUID:
        now = clock.now()
        has_ended = state in ("done", "dead", "cancelled")
        row: dict[str, Any] = {
            "id": ids.new(), "name": "workshop.stamp", "payload_version": 1, "payload": {"text": "a"}, "queue": "default",
            "priority": 0, "state": state, "track": "open", "run_at": now - due, "failures": 0, "crashes": 0, "max_attempts": 3,
            "timeout_ms": 60_000, "lane": None, "lane_seq": None, "dedup_key": None, "concurrency_key": None, "owner_id": None,
            "request_id": None, "worker": None, "token": 1, "cancel_requested": False, "progress": None, "error": None,
            "created_at": now, "started_at": now if state == "running" or has_ended else None,
            "finished_at": now if has_ended else None, "expires_at": now + timedelta(days=7) if has_ended else None,
        } | columns  # fmt: skip
        async with database.unit() as uow:
            await uow.run(Statement(insert_into(Job, *[name for name in row if name not in ("id", "created_at")])), **row)
        found: UUID = row["id"]
        return found

    return add
