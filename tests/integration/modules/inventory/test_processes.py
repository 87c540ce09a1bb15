"""Several processes reserve from a small stock at once: exactly the stock is sold (R-282)."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
SECONDS = 120


async def sold(application, products, processes: int, orders: int, fickle: int = 0) -> "Counter[str]":
    """What the processes were told, added up."""
    arguments = [application.database.url, str(orders), str(fickle), *(str(product.id) for product in products)]
    command = [sys.executable, "-m", "tests.integration.modules.inventory.child", *arguments]
    children = [await asyncio.create_subprocess_exec(*command, stdout=PIPE, cwd=ROOT) for _ in range(processes)]
    told: Counter[str] = Counter()
    for child in children:
        out, _ = await asyncio.wait_for(child.communicate(), SECONDS)
        told.update(json.loads(out))
    return told


async def test_exactly_the_stock_is_sold(application, shelf):
    lamp = await shelf.product(40)

    told = await sold(application, [lamp], processes=3, orders=60)

    assert told == {"bought": 40, "out of stock": 140}
    assert await shelf.level(lamp) == (0, 0)


async def test_what_is_given_up_is_neither_lost_nor_doubled(application, shelf):
    products = [await shelf.product(30, name) for name in ("Lamp", "Desk", "Chair")]

    told = await sold(application, products, processes=2, orders=60, fickle=3)

    assert set(told) <= {"bought", "out of stock"}, "no deadlock, though they name the products in different orders"
    assert told["bought"] > 0
    for product in products:
        assert await shelf.level(product) == (30 - told["bought"], 0)


@pytest.mark.slow
async def test_a_thousand_buyers_of_a_hundred(application, shelf):
    for _ in range(20):
        lamp = await shelf.product(100)

        told = await sold(application, [lamp], processes=4, orders=250)

        assert told == {"bought": 100, "out of stock": 900}
        assert await shelf.level(lamp) == (0, 0)
