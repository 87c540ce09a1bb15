"""Procrastinate on PostgreSQL: its psycopg connector, LISTEN/NOTIFY, the connection handed to `configure`."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import uuid4

import procrastinate

from .contender import ADD_ORDER, ORDERS, SEEN, Contender
from .measuring import Refused

app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=os.environ["BENCH_URL"]))


@app.task(name="nothing")
async def nothing(number: int) -> None:
    SEEN.began(number)


class Procrastinate(Contender):
    transactional: ClassVar[bool] = True
    share: ClassVar[float] = 0.5
    concurrency: ClassVar[int | None] = 1

    async def open(self) -> None:
        await app.open_async()
        async with self.pool.connection() as connection:
            found = await (await connection.execute("SELECT to_regclass('bench_orders')")).fetchone()
        if found == (None,):
            await app.schema_manager.apply_schema_async()
            async with self.pool.connection() as connection:
                await connection.execute(ORDERS)

    @property
    def pool(self) -> Any:  # Any: psycopg_pool is not installed where types are checked
        return app.connector.pool

    async def close(self) -> None:
        await app.close_async()

    async def order(self, number: int) -> None:
        async with self.pool.connection() as connection, connection.transaction():
            await connection.execute(ADD_ORDER, (uuid4(), number, "one order", 100, datetime.now(UTC)))

    async def order_and_enqueue(self, number: int, *, fail: bool = False) -> None:
        async with self.pool.connection() as connection, connection.transaction():
            await connection.execute(ADD_ORDER, (uuid4(), number, "one order", 100, datetime.now(UTC)))
            await nothing.configure(connection=connection).defer_async(number=number)
            if fail:
                raise Refused

    async def enqueue(self, number: int) -> None:
        await nothing.defer_async(number=number)

    async def fill(self, numbers: range) -> None:
        await nothing.batch_defer_async(*[{"number": number} for number in numbers])

    @asynccontextmanager
    async def working(self, concurrency: int | None) -> AsyncIterator[None]:
        chosen = {} if concurrency is None else {"concurrency": concurrency}
        worker = asyncio.create_task(app.run_worker_async(install_signal_handlers=False, **chosen))
        try:
            await asyncio.sleep(0.3)  # until it listens
            yield
        finally:
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker

    async def unfinished(self) -> int:
        return await self.count("SELECT count(*) FROM procrastinate_jobs WHERE status <> 'succeeded'")

    async def orders(self) -> int:
        return await self.count("SELECT count(*) FROM bench_orders")

    async def count(self, sql: str) -> int:
        async with self.pool.connection() as connection:
            return int((await (await connection.execute(sql)).fetchone())[0])


CONTENDER = Procrastinate
