"""SAQ on Redis, and on PostgreSQL. It cannot enqueue in the caller's transaction, so it enqueues after the commit."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import uuid4

from psycopg_pool import AsyncConnectionPool
from saq import Queue, Worker

from .contender import ADD_ORDER, ORDERS, SEEN, Contender


async def nothing(ctx: dict[str, Any], *, number: int) -> None:
    SEEN.began(number)


class Saq(Contender):
    transactional: ClassVar[bool] = False
    share: ClassVar[float] = 0.5
    concurrency: ClassVar[int | None] = 10

    def __init__(self) -> None:
        self.pool: Any = None  # Any: the libraries are not installed where types are checked
        self.on_redis = "BENCH_REDIS" in os.environ
        address = os.environ["BENCH_REDIS"] if self.on_redis else os.environ["BENCH_URL"]
        self.queue: Any = Queue.from_url(address, name=os.environ["BENCH_NAME"])

    async def open(self) -> None:
        self.pool = AsyncConnectionPool(os.environ["BENCH_URL"], open=False)
        await self.pool.open(wait=True)
        async with self.pool.connection() as connection:
            await connection.execute(ORDERS.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS"))
        await self.queue.connect()

    async def close(self) -> None:
        if self.on_redis:
            async for key in self.queue.redis.scan_iter(f"saq:*{self.queue.name}*", count=1000):
                await self.queue.redis.delete(key)
        await self.queue.disconnect()
        await self.pool.close()

    async def order(self, number: int) -> None:
        async with self.pool.connection() as connection, connection.transaction():
            await connection.execute(ADD_ORDER, (uuid4(), number, "one order", 100, datetime.now(UTC)))

    async def order_and_enqueue(self, number: int, *, fail: bool = False) -> None:
        await self.order(number)
        await self.queue.enqueue("nothing", number=number)

    async def enqueue(self, number: int) -> None:
        await self.queue.enqueue("nothing", number=number)

    async def fill(self, numbers: range) -> None:
        for number in numbers:
            await self.queue.enqueue("nothing", number=number)

    @asynccontextmanager
    async def working(self, concurrency: int | None) -> AsyncIterator[None]:
        chosen = {} if concurrency is None else {"concurrency": concurrency}
        worker = Worker(self.queue, functions=[nothing], **chosen)
        worker.SIGNALS = []
        running = asyncio.create_task(worker.start())
        try:
            await asyncio.sleep(0.3)  # until it listens
            yield
        finally:
            await worker.stop()
            await running

    async def unfinished(self) -> int:
        return int(await self.queue.count("incomplete"))

    async def orders(self) -> int:
        async with self.pool.connection() as connection:
            return int((await (await connection.execute("SELECT count(*) FROM bench_orders")).fetchone())[0])


CONTENDER = Saq
