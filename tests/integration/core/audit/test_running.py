"""When the program ran, and with what settings and keys (R-187)."""

from typing import Any

import pytest
from sqlalchemy import select

from mainspring.core.application import Application, create_application
from mainspring.core.audit.models import AuditEntry
from mainspring.core.audit.running import record_end, record_start
from mainspring.core.database import Database, DatabaseUnavailable, Statement
from mainspring.core.observability.logs import captured_logs
from mainspring.core.settings import Settings

ROWS: Statement[Any] = Statement(
    select(AuditEntry.action, AuditEntry.resource_id, AuditEntry.changes)
    .where(AuditEntry.resource == "program")
    .order_by(AuditEntry.created_at, AuditEntry.id)
)


async def rows(database: Database) -> list[Any]:
    return await database.begin_reading().all(ROWS)


async def test_every_process_of_a_start_tells_it_and_one_row_is_there(application: Application) -> None:
    for _ in range(3):
        await record_start(application, "serve")
    for _ in range(3):
        await record_end(application)

    start, stop = await rows(application.database)

    assert (start[:2], stop[:2]) == (("START", "serve"), ("STOP", None))
    assert start[2].keys() == {"version", "environment", "settings", "keys"}
    assert start[2]["settings"]["SESSION_SECRET"] == "********"
    assert [len(id) for id in start[2]["keys"]["SESSION_SECRET"]] == [8]


async def test_what_is_set_differently_is_told_at_the_next_start(application: Application, settings: Settings) -> None:
    await record_start(application, "serve")
    changed = settings.model_copy(update={"encryption_key": settings.session_secret})
    changed._shown = tuple(line for line in settings.sources() if line.name != "DB_SYNCHRONOUS")
    other = create_application(changed)
    await other.start()
    try:
        await record_start(other, "serve")
        await record_start(other, "worker")  # the same start, so nothing
    finally:
        await other.stop()

    _, _, set_differently, keys = await rows(application.database)

    assert set_differently[2] == {"DB_SYNCHRONOUS": ["off", None]}
    assert keys[0] == "KEYS_CHANGE"
    assert keys[2].keys() == {"ENCRYPTION_KEY"}


@pytest.mark.parametrize("deed", [record_end, lambda application: record_start(application, "serve")])
async def test_a_database_that_is_away_holds_up_neither(
    application: Application, monkeypatch: pytest.MonkeyPatch, deed: Any
) -> None:
    def away(context: object) -> Any:
        raise DatabaseUnavailable

    monkeypatch.setattr(application, "unit", away)
    with captured_logs() as lines:
        await deed(application)

    assert lines[-1]["message"] in ("end_not_in_trail", "start_not_in_trail")
