"""Stock that is set aside for an order: all or nothing, once, and it comes back (R-282)."""

import asyncio
from datetime import timedelta

import pytest

from mainspring.core import clock, ids
from mainspring.core.errors import Conflict, NotFound
from mainspring.modules.catalog.service import CatalogService
from mainspring.modules.inventory import repository
from mainspring.modules.inventory.errors import OutOfStock, ReferenceTaken, ReservationEnded
from mainspring.testing.plans import query_plan

PAST = timedelta(seconds=-1)


async def test_what_is_reserved_leaves_the_stock(shelf):
    lamp, order = await shelf.product(5), ids.new()

    until = await shelf.reserve(order, (lamp, 2))

    assert timedelta(minutes=14) < until - clock.now() <= timedelta(minutes=15)
    assert await shelf.level(lamp) == (3, 2)


async def test_what_is_consumed_is_gone(shelf):
    lamp, order = await shelf.product(5), ids.new()
    await shelf.reserve(order, (lamp, 2))

    await shelf.does("consume", order)
    await shelf.does("consume", order)

    assert await shelf.level(lamp) == (3, 0)
    assert await shelf.does("release", order) is False
    assert await shelf.level(lamp) == (3, 0)


async def test_what_is_released_comes_back_once(shelf):
    lamp, order = await shelf.product(5), ids.new()
    await shelf.reserve(order, (lamp, 2))

    assert [await shelf.does("release", order) for _ in range(3)] == [True, False, False]

    assert await shelf.level(lamp) == (5, 0)
    with pytest.raises(ReservationEnded):
        await shelf.does("consume", order)


async def test_what_was_consumed_is_put_back_once(shelf):
    lamp, order = await shelf.product(5), ids.new()
    await shelf.reserve(order, (lamp, 2))
    assert await shelf.does("put_back", order) is False
    await shelf.does("consume", order)

    assert [await shelf.does("put_back", order) for _ in range(3)] == [True, False, False]

    assert await shelf.level(lamp) == (5, 0)
    with pytest.raises(ReservationEnded):
        await shelf.does("consume", order)


async def test_all_or_nothing_and_every_short_product_is_named(shelf):
    plenty, few, none = await shelf.product(9), await shelf.product(1), await shelf.product(0)

    with pytest.raises(OutOfStock) as refused:
        await shelf.reserve(ids.new(), (none, 1), (plenty, 3), (few, 2))

    assert set(refused.value.product_ids) == {few.id, none.id}
    assert set(refused.value.details["productIds"]) == {str(few.id), str(none.id)}
    assert [await shelf.level(each) for each in (plenty, few, none)] == [(9, 0), (1, 0), (0, 0)]


async def test_a_product_that_is_not_there_is_not_found(shelf, application):
    lamp, gone = await shelf.product(5), await shelf.product(5)
    async with application.unit() as uow:
        await CatalogService(uow).delete(gone.id)

    with pytest.raises(NotFound):
        await shelf.reserve(ids.new(), (lamp, 1), (gone, 1))

    assert await shelf.level(lamp) == (5, 0)


async def test_the_same_reservation_twice_takes_once(shelf):
    lamp, desk, order = await shelf.product(5), await shelf.product(5), ids.new()

    first = await shelf.reserve(order, (lamp, 1), (desk, 2), (lamp, 1))
    second = await shelf.reserve(order, (desk, 2), (lamp, 2), ttl=timedelta(hours=9))

    assert first == second
    assert [await shelf.level(each) for each in (lamp, desk)] == [(3, 2), (3, 2)]


async def test_a_reference_is_used_for_one_thing(shelf):
    lamp, desk, order = await shelf.product(5), await shelf.product(5), ids.new()
    await shelf.reserve(order, (lamp, 1))

    for items in ([(lamp, 2)], [(desk, 1)], [(lamp, 1), (desk, 1)]):
        with pytest.raises(ReferenceTaken):
            await shelf.reserve(order, *items)
    await shelf.does("release", order)
    with pytest.raises(ReferenceTaken):
        await shelf.reserve(order, (lamp, 1))

    assert [await shelf.level(each) for each in (lamp, desk)] == [(5, 0), (5, 0)]


@pytest.mark.parametrize("quantity", [0, -1])
async def test_nothing_and_less_cannot_be_reserved(shelf, quantity):
    lamp = await shelf.product(5)

    with pytest.raises(ValueError, match="cannot be reserved"):
        await shelf.reserve(ids.new(), (lamp, quantity))
    with pytest.raises(ValueError, match="at least one"):
        await shelf.reserve(ids.new())


async def test_what_nobody_reserved_cannot_be_consumed(shelf):
    with pytest.raises(ReservationEnded):
        await shelf.does("consume", ids.new())


async def test_what_is_set_aside_for_too_long_comes_back(shelf):
    lamp, desk = await shelf.product(9), await shelf.product(9)
    late, in_time = [ids.new() for _ in range(3)], ids.new()
    for order in late:
        await shelf.reserve(order, (lamp, 2), (desk, 1), ttl=PAST)
    await shelf.reserve(in_time, (lamp, 1))

    assert await shelf.does("release_expired") == 6

    assert await shelf.does("release_expired") == 0
    assert [await shelf.level(each) for each in (lamp, desk)] == [(8, 1), (9, 0)]
    with pytest.raises(ReservationEnded):
        await shelf.does("consume", late[0])


async def test_whole_reservations_expire_a_few_at_a_time(shelf, application):
    lamp, desk = await shelf.product(9), await shelf.product(9)
    for _ in range(3):
        await shelf.reserve(ids.new(), (lamp, 1), (desk, 1), ttl=PAST)

    released = []
    while not released or released[-1]:
        released.append(await shelf.does("release_expired", 1))

    assert released == [2, 2, 2, 0]
    assert [await shelf.level(each) for each in (lamp, desk)] == [(9, 0), (9, 0)]


async def test_an_expired_reservation_that_nobody_released_can_be_consumed(shelf):
    lamp, order = await shelf.product(5), ids.new()
    await shelf.reserve(order, (lamp, 2), ttl=PAST)

    await shelf.does("consume", order)

    assert await shelf.does("release_expired") == 0
    assert await shelf.level(lamp) == (3, 0)


async def test_of_those_who_end_a_reservation_one_wins(shelf):
    lamp, desk = await shelf.product(100), await shelf.product(100)
    orders = [ids.new() for _ in range(30)]
    for order in orders:
        await shelf.reserve(order, (lamp, 1), (desk, 2), ttl=PAST)

    async def ends(deed, *arguments):
        try:
            return await shelf.does(deed, *arguments)
        except Conflict as refused:
            return refused.code

    racing = [ends(deed, order) for order in orders for deed in ("consume", "release", "consume")]
    told = await asyncio.gather(*racing, *(ends("release_expired", 4) for _ in range(8)))

    consumed = sum(answer is None for answer in told[0:90:3])
    assert told[0:90:3] == told[2:90:3], "two who consume the same are told the same"
    assert [await shelf.level(each) for each in (lamp, desk)] == [(100 - consumed, 0), (100 - 2 * consumed, 0)]
    assert set(told[:90:3]) <= {None, "inventory.reservation_ended"}


async def test_stock_of_a_deleted_product_comes_back_all_the_same(shelf, application):
    lamp, order = await shelf.product(5), ids.new()
    await shelf.reserve(order, (lamp, 2))
    async with application.unit() as uow:
        await CatalogService(uow).delete(lamp.id)

    assert await shelf.does("release", order) is True


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("OF_REFERENCE", {"reference": ids.new()}),
        ("RESERVED", {"product_id": ids.new()}),
        ("CONSUME", {"reference": ids.new()}),
        ("RELEASE_EXPIRED", {"now": clock.now(), "limit": 10}),
    ],
)
async def test_reservations_are_found_by_an_index(database, name, values):
    plan = await query_plan(database, getattr(repository, name).on(database.dialect), values)

    assert "Seq Scan" not in plan, plan
    assert "SCAN stock" not in plan, plan
