"""Mainspring with every built-in module and the one of the benchmark, on the database that the environment names."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

from sqlalchemy import func, select

from mainspring.core.application import Application, create_application
from mainspring.core.database import Statement, insert_into
from mainspring.core.database.migrate import Migrations
from mainspring.core.jobs.models import Job
from mainspring.core.jobs.worker import JobWorker
from mainspring.core.module import discover
from mainspring.core.observability import batch_logs, configure_logs
from mainspring.core.settings import load_settings

from .contender import Contender
from .measuring import Refused
from .shop.jobs import DoNothing
from .shop.models import BenchOrder
from .shop.module import MODULE

ADD_ORDER = Statement(insert_into(BenchOrder, "number", "name", "amount"))
COUNT_ORDERS = Statement(select(func.count()).select_from(BenchOrder), int)
COUNT_UNFINISHED = Statement(select(func.count()).select_from(Job).where(Job.state != "done"), int)


class Mainspring(Contender):
    transactional: ClassVar[bool] = True
    share: ClassVar[float] = 1.0
    concurrency: ClassVar[int | None] = 10

    def __init__(self) -> None:
        settings = load_settings()
        configure_logs(settings)
        batch_logs()
        self.application: Application = create_application(settings, [*discover(), MODULE])

    async def open(self) -> None:
        await Migrations(self.application).up()
        await self.application.start()

    async def close(self) -> None:
        await self.application.stop()

    async def order(self, number: int) -> None:
        async with self.application.unit() as uow:
            await uow.run(ADD_ORDER, number=number, name="one order", amount=100)

    async def order_and_enqueue(self, number: int, *, fail: bool = False) -> None:
        async with self.application.unit() as uow:
            await uow.run(ADD_ORDER, number=number, name="one order", amount=100)
            uow.enqueue(DoNothing(number))
            if fail:
                raise Refused

    async def enqueue(self, number: int) -> None:
        async with self.application.unit() as uow:
            uow.enqueue(DoNothing(number))

    async def fill(self, numbers: range) -> None:
        async with self.application.unit() as uow:
            for number in numbers:
                uow.enqueue(DoNothing(number))

    @asynccontextmanager
    async def working(self, concurrency: int | None) -> AsyncIterator[None]:
        worker = JobWorker(self.application) if concurrency is None else JobWorker(self.application, concurrency=concurrency)
        await worker.start()
        try:
            yield
        finally:
            await worker.drain()

    async def unfinished(self) -> int:
        async with self.application.reading() as uow:
            return await uow.value(COUNT_UNFINISHED) or 0

    async def orders(self) -> int:
        async with self.application.reading() as uow:
            return await uow.value(COUNT_ORDERS) or 0


CONTENDER = Mainspring
