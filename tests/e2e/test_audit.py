"""The trail of a real server: one of its workers chains it, starts and ends are in it, and a flood is a handful of rows."""

import asyncio
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select

from mainspring.core.audit.models import AuditEntry
from mainspring.core.audit.seals import Seals
from mainspring.core.audit.verifying import Verifier
from mainspring.core.database import Database, Statement, open_database
from mainspring.core.security.keys import KeyRing, read_key
from mainspring.testing.databases import environment_of_tests

TOLD: Statement[Any] = Statement(
    select(AuditEntry.action, AuditEntry.resource_id, AuditEntry.changes)
    .where(AuditEntry.resource.in_(["program", "security"]))
    .order_by(AuditEntry.created_at)
)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url) as database:
        yield database


@pytest.fixture
def verifier(database: Database) -> Verifier:
    ring = KeyRing(read_key(environment_of_tests()["JWT_PRIVATE_KEY"].encode(), "the key of tests"))
    return Verifier(database, Seals(lambda: ring))


async def told(database: Database) -> list[Any]:
    return await database.begin_reading().all(TOLD)


async def chained(verifier: Verifier, seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while await verifier.waiting() or not (await verifier.run())[0].rows:
            await asyncio.sleep(0.05)


async def test_starts_ends_and_changed_settings_are_told(server: Any, database: Database, verifier: Verifier) -> None:
    first = server(workers=2)
    await chained(verifier)
    assert first.stop() == 0
    second = server(workers=2, env={"REFRESH_GRACE": "0s", "SESSION_SECRET": "another secret that signs in this test alone"})
    await chained(verifier)
    assert second.stop() == 0

    rows = await told(database)

    assert [row[0] for row in rows] == ["START", "STOP", "START", "SETTINGS_CHANGE", "KEYS_CHANGE", "STOP"]
    assert rows[3][2]["REFRESH_GRACE"] == [None, "0s"]
    assert rows[4][2].keys() == {"SESSION_SECRET"}
    assert "secret that signs" not in str(rows)
    (verdict,) = await verifier.run()
    assert verdict.findings == []
    assert await verifier.waiting() == 0  # the last rows too


async def test_a_killed_worker_is_succeeded_and_no_second_start_is_told(
    server: Any, database: Database, verifier: Verifier
) -> None:
    running = server(workers=2)
    await chained(verifier)
    for worker in running.processes[1:]:
        worker.send_signal(signal.SIGKILL)

    async with running.client() as client, asyncio.timeout(30):
        while True:
            try:
                answer = await client.post("/api/v1/auth/login", json={"email": "a@example.com", "password": "x" * 12})
                break
            except Exception:
                await asyncio.sleep(0.1)
    assert answer.status_code == 401

    async with asyncio.timeout(30):
        while len(await told(database)) < 2:
            await asyncio.sleep(0.1)
    await chained(verifier, 30)  # once the lease of the killed one has run out
    assert [row[0] for row in await told(database)] == ["START", "FAILED_LOGIN"]


async def test_a_flood_of_refusals_is_a_handful_of_rows(server: Any, database: Database) -> None:
    running = server()
    async with running.client() as client:
        for _ in range(20):
            await asyncio.gather(
                *(client.get("/api/v1/users/me", headers={"Authorization": f"Bearer {number}"}) for number in range(50))
            )
    running.stop()

    refusals = [row for row in await told(database) if row[0] == "CREDENTIAL_REFUSED"]

    assert sum(row[2]["count"] for row in refusals) == 1000
    assert len(refusals) <= 4
