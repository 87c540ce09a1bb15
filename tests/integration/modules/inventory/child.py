"""A process beside the test: `python -m tests.integration.modules.inventory.child URL ORDERS FICKLE PRODUCT...`.

It reserves one of each product for so many orders, many at once. Of FICKLE buyers one gives his up again and tries anew; with 0
nobody does. It prints how often it bought, was told that there is too little, or was told something else.
"""

import asyncio
import json
import os
import sys
from collections import Counter
from datetime import timedelta
from uuid import UUID

from mainspring.core import ids
from mainspring.core.database import Database, DatabaseOptions, open_database
from mainspring.modules.inventory.errors import OutOfStock
from mainspring.modules.inventory.service import InventoryService

AT_ONCE = 16


async def buy(database: Database, number: int, fickle: int, products: list[UUID], told: "Counter[str]") -> None:
    """One buyer. The order of the products differs from buyer to buyer."""
    items = [(product, 1) for product in (products if number % 2 else reversed(products))]
    for gives_up in (True, False) if fickle and number % fickle == 0 else (False,):
        reference = ids.new()
        try:
            async with database.unit() as uow:
                await InventoryService(uow).reserve(reference, items, timedelta(minutes=15))
        except OutOfStock:
            told["out of stock"] += 1
            return
        except Exception as error:
            told[repr(error)] += 1
            return
        async with database.unit() as uow:
            await (InventoryService(uow).release if gives_up else InventoryService(uow).consume)(reference)
    told["bought"] += 1


async def main(url: str, orders: str, fickle: str, *products: str) -> None:
    told: Counter[str] = Counter()
    numbers = iter(range(int(orders)))

    async def buyer(database: Database) -> None:
        for number in numbers:
            await buy(database, number, int(fickle), [UUID(product) for product in products], told)

    async with open_database(url, DatabaseOptions(acquire_timeout=20)) as database:
        await asyncio.gather(*(buyer(database) for _ in range(AT_ONCE)))
    os.write(1, json.dumps(told).encode())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
