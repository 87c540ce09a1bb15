"""PostgreSQL goes away and comes back, connections run out, transactions meet (R-211, R-212)."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import select

from mainspring.core.database import DatabaseOptions, DatabaseUnavailable, RunAgain, Statement, bind, open_database, update_of
from mainspring.core.database.postgresql.database import PostgresqlDatabase
from mainspring.testing.databases import Postgresql
from tests.integration.core.database.conftest import create_tables
from tests.integration.core.database.shop import ADD, ADD_SHELF, BY_ID, PUT, STOCK, TAKE, Item, Shelf, item

NAMES = Statement(select(Shelf.name).order_by(Shelf.name), str)
REPRICE = Statement(update_of(Item).where(Item.id == bind("id", Item.id)).values(price=bind("price", Item.price)))


@pytest.fixture
async def server(postgresql_server: Postgresql) -> AsyncIterator[PostgresqlDatabase]:
    with postgresql_server.database() as url:
        await create_tables(url)
        async with open_database(url, DatabaseOptions(pool_max=2, acquire_timeout=0.5, lock_timeout=3)) as database:
            assert isinstance(database, PostgresqlDatabase)
            yield database


async def kill_every_connection(database: PostgresqlDatabase) -> None:
    other = await asyncpg.connect(database.dsn)
    await other.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await other.close()


async def names(database: PostgresqlDatabase) -> list[str]:
    async with database.reading() as uow:
        return await uow.all(NAMES)


async def test_idle_connections_that_were_killed_are_replaced(server: PostgresqlDatabase):
    await names(server)
    await kill_every_connection(server)
    await asyncio.sleep(0.05)

    assert await names(server) == []
    await server.ping()
    assert server.pool.size <= 2


async def test_a_unit_whose_connection_dies_is_told_and_the_next_one_works(server: PostgresqlDatabase):
    uow = server.begin_unit()
    await uow.one(ADD_SHELF, name="lost")
    await kill_every_connection(server)

    with pytest.raises(DatabaseUnavailable):
        await uow.one(ADD_SHELF, name="never")
    await uow.rollback()

    async with server.unit() as uow:
        await uow.one(ADD_SHELF, name="kept")
    assert await names(server) == ["kept"]


async def test_who_gets_no_connection_in_time_is_told_when_to_come_back(server: PostgresqlDatabase):
    holders = [server.begin_unit() for _ in range(2)]
    for number, holder in enumerate(holders):
        await holder.one(ADD_SHELF, name=f"held {number}")

    with pytest.raises(DatabaseUnavailable) as caught:
        await names(server)
    for holder in holders:
        await holder.commit()

    assert caught.value.retry_after > 0
    assert await names(server) == ["held 0", "held 1"]


async def test_a_wrong_address_is_told_in_one_sentence():
    database = open_database("postgresql://nobody@127.0.0.1:1/none")

    with pytest.raises(DatabaseUnavailable, match=r"PostgreSQL at 127\.0\.0\.1:1 cannot be reached: .*"):
        await database.open()


async def test_a_deadlock_asks_to_run_again(server: PostgresqlDatabase):
    async with server.unit() as uow:
        one, two = [(await uow.one(ADD, **item(name))).id for name in ("one", "two")]
    first, second = server.begin_unit(), server.begin_unit()
    await first.run(REPRICE, id=one, price=1)
    await second.run(REPRICE, id=two, price=2)

    async def cross(unit, other: UUID) -> None:
        try:
            await unit.run(REPRICE, id=other, price=3)
            await unit.commit()
        except BaseException:
            await unit.rollback()
            raise

    told = await asyncio.gather(cross(first, two), cross(second, one), return_exceptions=True)

    assert sorted(type(one).__name__ for one in told) == ["NoneType", "RunAgain"]
    assert issubclass(RunAgain, DatabaseUnavailable.__mro__[1])


async def test_a_statement_outlives_a_changed_table(server: PostgresqlDatabase):
    async with server.unit() as uow:
        made = await uow.one(ADD, **item())
    async with server.reading() as uow:
        await uow.one(BY_ID, id=made.id)
    other = await asyncpg.connect(server.dsn)
    await other.execute("ALTER TABLE test_items ALTER COLUMN name TYPE varchar(200)")
    await other.close()

    async with server.reading() as uow:
        assert (await uow.one(BY_ID, id=made.id)).name == made.name


async def test_a_unit_with_an_insert_and_a_late_row_takes_two_round_trips(server: PostgresqlDatabase):
    async with server.unit() as uow:  # prepares the statements
        await uow.one(ADD_SHELF, name="warm")
        uow.before_commit(PUT, **item("warm"))
    wire = server.pool.acquire_now()
    before = wire.connection._protocol.queries_count
    server.pool.release(wire)

    async with server.unit() as uow:
        await uow.one(ADD_SHELF, name="one")
        uow.before_commit(PUT, **item("one"))
    counted = wire.connection._protocol.queries_count - before

    async with server.reading() as uow:
        assert len(await uow.all(NAMES)) == 2
    assert counted == 2


async def test_an_argument_of_the_wrong_type_leaves_the_connection_usable(server: PostgresqlDatabase):
    async with server.unit() as uow:
        made = await uow.one(ADD, **item())
    for _ in range(2):
        uow = server.begin_unit()
        with pytest.raises(Exception, match=r"does not fit"):
            await uow.run(TAKE, id=made.id, count="many")  # refused before it is sent, but BEGIN is under way
        await uow.rollback()

    async with server.unit() as uow:
        await uow.run(TAKE, id=made.id, count=4)
    async with server.reading() as uow:
        assert await uow.value(STOCK, id=made.id) == 6


async def test_an_idle_connection_runs_into_no_timeout(postgresql_server: Postgresql):
    with postgresql_server.database() as url:
        await create_tables(url)
        options = DatabaseOptions(pool_max=1, statement_timeout=0.3)
        async with open_database(url, options) as database:
            assert isinstance(database, PostgresqlDatabase)
            await asyncio.sleep(0.6)  # nothing ran yet but the preparing of BEGIN and COMMIT
            assert await names(database) == []
            with pytest.raises(Exception, match=r"does not fit"):
                async with database.reading() as uow:  # prepared, but refused by the driver before it is sent
                    await uow.value(STOCK, id="no id")
            await asyncio.sleep(0.6)

            assert await names(database) == []


async def test_idle_connections_go(server: PostgresqlDatabase):
    units = [server.begin_unit() for _ in range(2)]
    for number, uow in enumerate(units):
        await uow.one(ADD_SHELF, name=f"{number}")
    for uow in units:
        await uow.commit()
    assert server.pool.size == 2

    server.pool._idle_seconds = -1.0
    server.pool._sweep_idle()

    assert server.pool.size == 0
    assert await names(server) == ["0", "1"]


async def test_a_connection_whose_caller_leaves_while_it_is_made_is_cut(postgresql_server: Postgresql):
    with postgresql_server.database() as url:
        async with open_database(url, DatabaseOptions(pool_max=50)) as database:
            assert isinstance(database, PostgresqlDatabase)
            for turns in range(40):  # somewhere between the first byte and the last codec
                opening = asyncio.create_task(database.pool.open())
                await asyncio.sleep(turns * 0.0005)
                opening.cancel()
                if (await asyncio.gather(opening, return_exceptions=True))[0].__class__ is not asyncio.CancelledError:
                    database.pool.release(opening.result())

            assert database.pool.size == len(database.pool._all)
            other = await asyncpg.connect(url)
            count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            async with asyncio.timeout(10):
                while await other.fetchval(count) != database.pool.size:
                    await asyncio.sleep(0.02)
            await other.close()


async def test_a_connection_that_is_made_while_the_pool_closes_is_cut(postgresql_server: Postgresql):
    with postgresql_server.database() as url:
        database = open_database(url, DatabaseOptions())
        assert isinstance(database, PostgresqlDatabase)
        await database.open()
        opening = asyncio.create_task(database.pool.open())
        await asyncio.sleep(0)

        await database.close()

        with pytest.raises(DatabaseUnavailable):
            await opening
        assert database.pool.size == 0
