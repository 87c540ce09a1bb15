"""Slow statements are told with their plan, and no value of a parameter with them (R-125, R-331)."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from mainspring.core.context import CURRENT, Context
from mainspring.core.database import Statement, bind
from mainspring.core.database.observed import SECONDS, UNITS
from mainspring.core.database.slow_queries import SLOW, SlowQueries
from mainspring.core.observability import captured_logs
from mainspring.core.security.claim_once import Claim, offer_once

CLAIMS_OF = Statement(select(Claim.subject).where(Claim.purpose == bind("purpose", Claim.purpose)), str)
NAME = f"{__name__}.CLAIMS_OF"
CANARY = "canary-purpose-7731"


@pytest.fixture
def slow(database):
    """Every statement is slow."""
    database.slow_queries = SlowQueries(1e-9, database.plan_of)
    return database.slow_queries


async def planned(lines):
    for _ in range(200):
        if found := [line for line in lines if line["message"].startswith("slow_query_")]:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError("no plan came")


async def test_a_slow_statement_is_told_with_its_plan_and_without_its_values(database, slow):
    CURRENT.set(Context("r-1", "GET", "/claims"))
    with captured_logs() as lines:
        await database.begin_reading().all(CLAIMS_OF, purpose=CANARY)
        (plan,) = await planned(lines)

    (line,) = [line for line in lines if line["message"] == "slow_query"]
    assert (line["statement"], line["rows"], line["route"], line["requestId"]) == (NAME, 0, "/claims", "r-1")
    assert line["ms"] >= 0
    assert (plan["statement"], plan["requestId"]) == (NAME, "r-1")
    assert "core_claims" in plan["plan"]
    assert plan["plan"].startswith(("SEARCH", "SCAN") if database.dialect == "sqlite" else ("Index", "Bitmap", "Seq"))
    assert CANARY not in repr(lines)


async def test_a_statement_has_one_line_a_second_and_one_plan_in_ten_minutes(database, slow):
    before = SLOW.of(NAME).value
    with captured_logs() as lines:
        for _ in range(20):
            await database.begin_reading().all(CLAIMS_OF, purpose="p")
        await planned(lines)
        slow._told.clear()
        await database.begin_reading().all(CLAIMS_OF, purpose="p")
        await asyncio.sleep(0.2)

    messages = [line["message"] for line in lines]
    assert SLOW.of(NAME).value - before == 21
    assert messages.count("slow_query") < 10
    assert messages.count("slow_query_plan") == 1


async def test_a_plan_that_cannot_be_had_is_said_and_harms_nobody(database):
    async def refuse(sql, parameters):
        raise OSError("the database is away")

    database.slow_queries = SlowQueries(1e-9, refuse)
    with captured_logs() as lines:
        await database.begin_reading().all(CLAIMS_OF, purpose="p")
        (line,) = await planned(lines)

    assert (line["message"], line["reason"]) == ("slow_query_without_plan", "OSError")


async def test_every_statement_and_unit_is_counted_by_name(database):
    reads, commits, undone = SECONDS.of(NAME).count, UNITS.of("committed").value, UNITS.of("rolled_back").value

    await database.begin_reading().all(CLAIMS_OF, purpose="p")
    async with database.unit() as uow:
        await uow.all(CLAIMS_OF, purpose="p")
    unit = database.begin_unit()
    await unit.all(CLAIMS_OF, purpose="p")
    await unit.rollback()

    assert SECONDS.of(NAME).count - reads == 3
    assert UNITS.of("committed").value - commits >= 1
    assert UNITS.of("rolled_back").value - undone >= 1


async def test_plans_of_writes_write_nothing(database, slow):
    compiled = CLAIMS_OF.on(database.dialect)
    remove = "DELETE FROM core_claims WHERE purpose = " + ("?" if database.dialect == "sqlite" else "$1::VARCHAR")
    async with database.unit() as uow:
        await offer_once(uow, "purpose", "kept", timedelta(hours=1))

    plan = await database.plan_of(remove, len(compiled.arguments({"purpose": "p"})))

    assert "core_claims" in plan
    assert await database.begin_reading().all(CLAIMS_OF, purpose="purpose") == ["kept"]
