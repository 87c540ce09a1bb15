"""DBOS on PostgreSQL: a workflow on a registered queue, enqueued in a SQLAlchemy transaction.

Its workers ask the database at intervals. At the default of a second only as many jobs as run at once start in a second, so where
the concurrency is limited it is asked to look every 10 ms.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import uuid4

import sqlalchemy
from dbos import DBOS, DBOSClient

from .contender import ADD_ORDER, ORDERS, SEEN, Contender
from .measuring import Refused

URL = os.environ["BENCH_URL"]
OPTIONS: dict[str, Any] = {"workflow_name": "nothing", "queue_name": "bench"}


@DBOS.workflow(name="nothing")
async def nothing(number: int) -> None:
    SEEN.began(number)


class Dbos(Contender):
    transactional: ClassVar[bool] = True
    share: ClassVar[float] = 0.15
    concurrency: ClassVar[int | None] = None

    def __init__(self) -> None:
        self.client: Any = None  # Any: the libraries are not installed where types are checked
        self.engine: Any = sqlalchemy.create_engine(URL.replace("postgresql://", "postgresql+psycopg://"))

    async def open(self) -> None:
        await asyncio.to_thread(self.make)

    def make(self) -> None:
        DBOS(config={"name": "bench", "system_database_url": URL, "log_level": "ERROR"})
        DBOS.launch()  # migrates
        DBOS.destroy()
        self.client = DBOSClient(system_database_url=URL)
        with self.engine.begin() as connection:
            connection.exec_driver_sql(ORDERS.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS"))

    async def close(self) -> None:
        self.client.destroy()

    async def order(self, number: int) -> None:
        await asyncio.to_thread(self.place, number)

    async def order_and_enqueue(self, number: int, *, fail: bool = False) -> None:
        await asyncio.to_thread(self.place, number, enqueue=True, fail=fail)

    def place(self, number: int, *, enqueue: bool = False, fail: bool = False) -> None:
        with self.engine.begin() as connection:
            connection.exec_driver_sql(ADD_ORDER, (uuid4(), number, "one order", 100, datetime.now(UTC)))
            if enqueue:
                self.client.enqueue_in_transaction(connection, OPTIONS, number)
            if fail:
                raise Refused

    async def enqueue(self, number: int) -> None:
        await self.client.enqueue_async(OPTIONS, number)

    async def fill(self, numbers: range) -> None:
        def put() -> None:
            with self.engine.begin() as connection:
                for number in numbers:
                    self.client.enqueue_in_transaction(connection, OPTIONS, number)

        await asyncio.to_thread(put)

    @asynccontextmanager
    async def working(self, concurrency: int | None) -> AsyncIterator[None]:
        def start() -> None:
            DBOS(config={"name": "bench", "system_database_url": URL, "log_level": "ERROR"})
            DBOS.launch()
            limited = {} if concurrency is None else {"worker_concurrency": concurrency, "polling_interval_sec": 0.01}
            DBOS.register_queue("bench", on_conflict="always_update", **limited)

        await asyncio.to_thread(start)
        try:
            yield
        finally:
            await asyncio.to_thread(DBOS.destroy)

    async def unfinished(self) -> int:
        return await asyncio.to_thread(self.count, "SELECT count(*) FROM dbos.workflow_status WHERE status <> 'SUCCESS'")

    async def orders(self) -> int:
        return await asyncio.to_thread(self.count, "SELECT count(*) FROM bench_orders")

    def count(self, sql: str) -> int:
        with self.engine.connect() as connection:
            return int(connection.exec_driver_sql(sql).scalar_one())


CONTENDER = Dbos
