"""Security events are rows, and a flood of them is a handful (R-187)."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from mainspring.core.application import Application
from mainspring.core.audit import security_trail
from mainspring.core.audit.models import AuditEntry
from mainspring.core.audit.security_trail import MOST_KINDS, SecurityTrail
from mainspring.core.context import CURRENT, Context
from mainspring.core.database import Database, DatabaseUnavailable, Statement
from mainspring.core.observability import security_events

ROWS: Statement[Any] = Statement(
    select(AuditEntry.action, AuditEntry.resource_id, AuditEntry.user_id, AuditEntry.ip_address, AuditEntry.changes)
    .where(AuditEntry.resource == "security")
    .order_by(AuditEntry.created_at, AuditEntry.id)
)


@pytest.fixture
def trail(application: Application) -> SecurityTrail:
    return application.resolve(SecurityTrail)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the clock of the trail."""
    moment = 1000.0
    monkeypatch.setattr(security_trail.clock, "monotonic", lambda: moment)

    def set_to(seconds: float) -> None:
        nonlocal moment
        moment = 1000.0 + seconds

    return set_to


def come_from(trail: SecurityTrail, address: str) -> None:
    CURRENT.set(Context(address=address, user_agent="tests/1", request_id="r1", security=trail))


async def rows(database: Database) -> list[Any]:
    return await database.begin_reading().all(ROWS)


async def test_the_first_is_told_soon_and_those_behind_it_by_the_minute(
    trail: SecurityTrail, database: Database, at: Callable[[float], None]
) -> None:
    come_from(trail, "192.0.2.1")
    security_events.failed_login("ada@example.com", "192.0.2.1")
    assert await trail.write() == 0
    at(1)
    assert await trail.write() == 1

    for number in range(500):
        security_events.failed_login(f"user{number}@example.com", "192.0.2.1")
    at(60)
    assert await trail.write() == 0
    at(61)
    assert await trail.write() == 1
    at(121)
    assert await trail.write() == 0
    security_events.failed_login("eve@example.com", "192.0.2.1")
    at(122)
    assert await trail.write() == 1

    first, flood, later = await rows(database)
    assert first == ("FAILED_LOGIN", None, None, "192.0.2.1", {"count": 1, "email": "ada@example.com"})
    assert flood[4] == {"count": 500, "email": [f"user{number}@example.com" for number in range(5)]}
    assert later[4] == {"count": 1, "email": "eve@example.com"}


async def test_a_flood_from_everywhere_is_bounded(trail: SecurityTrail, database: Database, at: Callable[[float], None]) -> None:
    for number in range(5000):
        come_from(trail, f"10.{number // 256}.{number % 256}.1")
        security_events.failed_login("ada@example.com", None)
        security_events.suspicious_activity(None, "forged_token", path="/x")
    at(1)

    assert await trail.write() == MOST_KINDS + 2

    found = await rows(database)
    assert sum(row[4]["count"] for row in found) == 10_000
    assert [row[3] for row in found if row[4]["count"] > 1] == [None, None]


async def test_neighbours_in_one_ipv6_network_are_one_place(trail: SecurityTrail, database: Database) -> None:
    for number in range(20):
        come_from(trail, f"2001:db8:1:2::{number}")
        security_events.failed_login("ada@example.com", None)

    assert await trail.write(all=True) == 1


async def test_no_secret_reaches_a_row(trail: SecurityTrail, database: Database) -> None:
    come_from(trail, "192.0.2.1")
    security_events.suspicious_activity(None, "odd", password="hunter2 hunter2", note="Bearer abcdefghijklmnop", text="x" * 5000)

    await trail.write(all=True)

    (row,) = await rows(database)
    assert row[4] == {"count": 1, "password": "[hidden]", "note": "[hidden]", "text": "x" * 200}


async def test_what_cannot_be_written_is_kept(trail: SecurityTrail, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    come_from(trail, "192.0.2.1")
    security_events.failed_login("ada@example.com", None)
    with monkeypatch.context() as broken:

        def unit(context: Context) -> Any:
            security_events.failed_login("bob@example.com", None)  # one more while it fails
            raise DatabaseUnavailable

        broken.setattr(database, "unit", unit)
        assert await trail.write(all=True) == 0

    assert await trail.write(all=True) == 1

    (row,) = await rows(database)
    assert row[4]["count"] == 2


async def test_a_row_is_written_without_anybody_asking(
    trail: SecurityTrail, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(security_trail, "SOON_SECONDS", 0.05)
    come_from(trail, "192.0.2.1")
    security_events.failed_login("ada@example.com", None)

    async with asyncio.timeout(5):
        while not await rows(database):
            await asyncio.sleep(0.01)


async def test_an_event_on_a_thread_is_written_with_the_next(trail: SecurityTrail, database: Database) -> None:
    come_from(trail, "192.0.2.1")
    await asyncio.to_thread(security_events.suspicious_activity, None, "odd")

    assert await trail.write(all=True) == 1


async def test_the_end_of_the_program_writes_what_is_left(trail: SecurityTrail, database: Database) -> None:
    come_from(trail, "192.0.2.1")
    security_events.failed_login("ada@example.com", None)

    await trail.stop()

    assert len(await rows(database)) == 1


async def test_outside_of_any_work_an_event_is_only_a_line() -> None:
    CURRENT.set(Context())

    security_events.failed_login("ada@example.com", None)
