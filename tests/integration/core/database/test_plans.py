"""Lists are answered by indexes on both databases (R-222, R-228)."""

import uuid

import pytest

from mainspring.core.database import Database
from mainspring.testing.plans import is_answered_by_index, query_plan
from tests.integration.core.database.shop import BY_ID, CHEAPEST, STOCK
from tests.integration.core.database.test_listing import ITEMS


@pytest.mark.parametrize("statement", [BY_ID, STOCK], ids=["row", "value"])
async def test_one_row_is_found_by_its_key(database: Database, statement):
    plan = await query_plan(database, statement.on(database.dialect), {"id": uuid.UUID(int=1)})

    assert is_answered_by_index(plan), plan


async def test_a_sorted_list_reads_the_index_in_order(database: Database):
    plan = await query_plan(database, CHEAPEST.on(database.dialect), {"low": 3, "limit": 20})

    assert is_answered_by_index(plan), plan


@pytest.mark.parametrize("direction", [None, "next", "prev"])
@pytest.mark.parametrize("descends", [True, False])
async def test_a_slice_begins_in_the_middle_of_the_index(database: Database, direction: str | None, descends: bool):
    compiled = ITEMS.slice_shape(database.dialect, (), ("price", descends), direction)
    place = {"position_value": 7, "position_key": uuid.UUID(int=1)} if direction else {}

    plan = await query_plan(database, compiled, {**place, "limit": 20})

    assert is_answered_by_index(plan), plan
    assert "ix_test_items_price_id" in plan


async def test_an_order_without_an_index_is_seen(database: Database):
    plan = await query_plan(database, ITEMS.slice_shape(database.dialect, (), ("kind", False), None), {"limit": 20})

    assert not is_answered_by_index(plan), plan
