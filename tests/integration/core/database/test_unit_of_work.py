"""Statements and units on both databases."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from mainspring.core.context import Context
from mainspring.core.database import (
    Database,
    DatabaseOptions,
    DuplicateValue,
    RuleBroken,
    Statement,
    StillReferenced,
    UnitBroken,
    bind,
    insert_into,
    open_database,
    upsert,
)
from mainspring.core.errors import Conflict
from mainspring.core.observability.logs import captured_logs
from tests.integration.core.database.shop import (
    ADD,
    ADD_SHELF,
    BY_ID,
    CHEAPEST,
    PUT,
    SOME,
    STOCK,
    TAKE,
    Item,
    ItemRow,
    Kind,
    Shelf,
    item,
)


async def test_a_row_comes_back_as_it_was_written(database: Database):
    async with database.unit() as uow:
        made = await uow.one(ADD, **item(kind=Kind.BOOK, extra={"pages": [1, 2, {"a": None}]}))
    async with database.reading() as uow:
        found = await uow.one(BY_ID, id=made.id)

    assert found == made
    assert type(found.id) is UUID
    assert found.kind is Kind.BOOK
    assert found.is_shown is True
    assert found.extra == {"pages": [1, 2, {"a": None}]}
    assert found.version == 1
    assert found.created_at.tzinfo is UTC
    assert abs(found.created_at - datetime.now(UTC)) < timedelta(seconds=5)


async def test_an_update_counts_the_version_and_moves_the_time(database: Database):
    async with database.unit() as uow:
        made = await uow.one(ADD, **item())
    async with database.unit() as uow:
        changed = await uow.run(TAKE, id=made.id, count=3)
    async with database.reading() as uow:
        found = await uow.one(BY_ID, id=made.id)

    assert changed == 1
    assert (found.stock, found.version) == (7, 2)
    assert found.updated_at > made.updated_at
    assert found.created_at == made.created_at


async def test_a_list_parameter_takes_any_number_of_values(database: Database):
    async with database.unit() as uow:
        made = [await uow.one(ADD, **item(f"thing {n}", price=n)) for n in range(5)]
        found = await uow.all(SOME, ids=[made[3].id, made[1].id])
        none = await uow.all(SOME, ids=[])

    assert [row.name for row in found] == ["thing 1", "thing 3"]
    assert none == []


async def test_an_error_undoes_the_unit(database: Database):
    with pytest.raises(ZeroDivisionError):
        async with database.unit() as uow:
            await uow.one(ADD, **item())
            raise ZeroDivisionError

    async with database.reading() as uow:
        assert await uow.all(CHEAPEST, low=0, limit=9) == []


class Refused(Conflict):
    keep_writes = True


async def test_an_error_that_keeps_writes_commits_and_still_refuses(database: Database):
    with pytest.raises(Refused):
        async with database.unit() as uow:
            made = await uow.one(ADD, **item())
            raise Refused

    async with database.reading() as uow:
        assert await uow.value(STOCK, id=made.id) == 10


@pytest.mark.parametrize("params", [{}, {"id": UUID(int=1), "other": 2}, {"other": 2}])
async def test_parameters_that_do_not_fit_are_refused(database: Database, params):
    async with database.reading() as uow:
        with pytest.raises(TypeError, match="the statement"):
            await uow.one(BY_ID, **params)


async def test_a_value_that_exists_names_its_field(database: Database):
    async with database.unit() as uow:
        await uow.one(ADD, **item("Once"))

    with pytest.raises(DuplicateValue) as caught:
        async with database.unit() as uow:
            await uow.one(ADD, **item("Once"))

    assert [detail["field"] for detail in caught.value.details] == ["name"]


async def test_a_missing_reference_is_a_conflict(database: Database):
    with pytest.raises(StillReferenced):
        async with database.unit() as uow:
            await uow.one(ADD, **item(shelf_id=UUID(int=7)))


async def test_a_broken_check_names_its_field(database: Database):
    with pytest.raises(RuleBroken) as caught:
        async with database.unit() as uow:
            await uow.one(ADD, **item(stock=-1))

    assert [detail["field"] for detail in caught.value.details] == ["stock"]


async def test_a_missing_value_names_its_field(database: Database):
    with pytest.raises(RuleBroken) as caught:
        async with database.unit() as uow:
            await uow.one(ADD, **item(is_shown=None))

    assert [detail["field"] for detail in caught.value.details] == ["isShown"]


async def test_a_unit_with_a_failed_statement_writes_nothing_more(database: Database):
    async with database.unit() as uow:
        await uow.one(ADD, **item("Once"))

    uow = database.begin_unit()
    await uow.one(ADD, **item("Twice"))
    with pytest.raises(DuplicateValue):
        await uow.one(ADD, **item("Once"))
    with pytest.raises(UnitBroken):
        await uow.one(ADD, **item("Thrice"))
    with pytest.raises(UnitBroken):
        await uow.commit()

    async with database.reading() as uow:
        assert [row.name for row in await uow.all(CHEAPEST, low=0, limit=9)] == ["Once"]


async def test_a_savepoint_can_fail_alone(database: Database):
    async with database.unit() as uow:
        await uow.one(ADD, **item("Once"))
        with pytest.raises(DuplicateValue):
            async with uow.savepoint():
                await uow.one(ADD, **item("Twice"))
                await uow.one(ADD, **item("Once"))
        await uow.one(ADD, **item("Thrice"))

    async with database.reading() as uow:
        assert [row.name for row in await uow.all(CHEAPEST, low=0, limit=9)] == ["Once", "Thrice"]


async def test_what_a_failed_savepoint_left_for_the_commit_goes_with_it(database: Database):
    deeds: list[str] = []

    async with database.unit() as uow:
        uow.before_commit(PUT, **item("kept"))
        with pytest.raises(ZeroDivisionError):
            async with uow.savepoint():
                uow.before_commit(PUT, **item("gone"))
                uow.after_commit(lambda: deeds.append("gone"))
                raise ZeroDivisionError
        uow.after_commit(lambda: deeds.append("kept"))

    async with database.reading() as uow:
        assert [row.name for row in await uow.all(CHEAPEST, low=0, limit=9)] == ["kept"]
    assert deeds == ["kept"]


async def test_a_read_unit_refuses_to_write(database: Database):
    uow = database.begin_reading()

    with pytest.raises(Exception, match=r"readonly|changes nothing"):
        await uow.one(ADD, **item())
    with pytest.raises(RuntimeError, match="changes nothing"):
        await uow.run(TAKE, id=UUID(int=1), count=1)


async def test_an_ended_unit_runs_nothing_more(database: Database):
    uow = database.begin_unit()
    await uow.one(ADD, **item())
    await uow.commit()

    with pytest.raises(UnitBroken):
        await uow.one(ADD, **item("Another"))


async def test_rows_before_the_commit_arrive_with_it(database: Database):
    uow = database.begin_unit()
    made = await uow.one(ADD_SHELF, name="Upper")
    for number in range(30):
        uow.before_commit(PUT, **item(f"thing {number}", shelf_id=made, extra={"n": number}))
    called = []
    uow.after_commit(lambda: called.append(True))
    assert called == []
    await uow.commit()

    async with database.reading() as uow:
        assert len(await uow.all(CHEAPEST, low=0, limit=99)) == 30
    assert called == [True]


async def test_a_row_before_the_commit_that_is_refused_undoes_the_unit(database: Database):
    with pytest.raises(DuplicateValue):
        async with database.unit() as uow:
            await uow.one(ADD, **item("Once"))
            uow.before_commit(PUT, **item("Twice"))
            uow.before_commit(PUT, **item("Once"))

    async with database.unit() as uow:
        assert await uow.all(CHEAPEST, low=0, limit=9) == []


async def test_many_rows_go_at_once(database: Database):
    async with database.unit() as uow:
        await uow.run_many(ADD, [item(f"thing {number}") for number in range(200)])

    async with database.reading() as uow:
        assert len(await uow.all(CHEAPEST, low=0, limit=999)) == 200


async def test_four_hundred_parallel_changes_lose_none(database: Database):
    async with database.unit() as uow:
        made = await uow.one(ADD, **item(stock=300))

    async def take_one() -> int:
        async with database.unit() as uow:
            return await uow.run(TAKE, id=made.id, count=1)

    taken = await asyncio.gather(*(take_one() for _ in range(400)))

    async with database.reading() as uow:
        assert await uow.value(STOCK, id=made.id) == 0
    assert sum(taken) == 300


def test_a_parameter_is_named_as_an_argument():
    with pytest.raises(ValueError, match="cannot name a parameter"):
        bind("not good", Item.id)


def test_a_row_needs_every_field():
    from sqlalchemy import select

    with pytest.raises(TypeError, match="does not select"):
        Statement(select(Item.id), ItemRow).on("sqlite")


async def test_an_upsert_changes_what_is_there(database: Database):
    put = Statement(upsert(Item, *item(), keys=["name"], change=["price", "stock"]).returning(*Item.__table__.c), ItemRow)
    async with database.unit() as uow:
        first = await uow.one(put, **item("ball", price=1))
    async with database.unit() as uow:
        second = await uow.one(put, **item("ball", price=2))

    assert (second.id, second.price, second.version) == (first.id, 2, 2)
    assert second.created_at == first.created_at
    assert second.updated_at > first.updated_at


async def test_an_expected_conflict_is_no_error(database: Database):
    put = Statement(insert_into(Shelf).on_conflict_do_nothing().returning(Shelf.id), UUID)
    async with database.unit() as uow:
        assert await uow.value(put, name="one") is not None
        assert await uow.value(put, name="one") is None


async def test_statements_are_logged_without_their_parameters(empty_database_url: str, database: Database):
    options = DatabaseOptions(synchronous="OFF", log_statements=True)
    with captured_logs() as lines:
        async with open_database(empty_database_url, options) as logged:
            async with logged.unit(Context(method="POST")) as uow:
                made = await uow.one(ADD, **item("secret name"))
                await uow.run(TAKE, id=made.id, count=1)
                await uow.run_many(PUT, [item("other secret")])
            async with logged.reading(Context(method="GET")) as uow:
                await uow.one(BY_ID, id=made.id)
            async with logged.reading(Context()) as uow:  # upkeep that nobody asked for
                await uow.one(BY_ID, id=made.id)

    told = [line for line in lines if line["message"] == "statement"]
    assert [line["sql"].split()[0] for line in told] == ["INSERT", "UPDATE", "INSERT", "COMMIT", "SELECT"]
    assert all(line["milliseconds"] >= 0 for line in told)
    assert "secret" not in str(told)
