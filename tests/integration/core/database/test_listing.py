"""Lists: filters, orders, pages with totals, slices with positions (R-144, R-214, R-215)."""

import pytest
from sqlalchemy import func, select, text

from mainspring.core.database import Database, Listing, Patch, Statement, any_of, bind, update_of
from mainspring.core.errors import Invalid
from tests.integration.core.database.shop import ADD, Item, ItemRow, Kind, item

ITEMS = Listing(
    select(Item).where(Item.stock > 0),
    ItemRow,
    filters={
        "kind": Item.kind == bind("kind", Item.kind),
        "shown": Item.is_shown == bind("shown", Item.is_shown),
        "most": Item.price <= bind("most", Item.price),
        "ids": any_of(Item.id, "ids"),
    },
    sorts={"price": Item.price, "name": Item.name, "createdAt": Item.created_at, "kind": Item.kind, "id": Item.id},
    default="-price",
    key=Item.id,
)
CHANGE = Patch(
    update_of(Item).where(Item.id == bind("id", Item.id)),
    ("name", "price"),
    ItemRow,
    conditions={"version": Item.version == bind("version", Item.version)},
)


@pytest.fixture
async def full(database: Database) -> Database:
    async with database.unit() as uow:
        for number in range(25):
            kind = Kind.BOOK if number % 2 else Kind.TOY
            await uow.one(ADD, **item(f"thing {number:02}", price=number // 3, kind=kind, is_shown=number != 7))
        await uow.one(ADD, **item("sold out", stock=0))
    return database


async def test_a_page_knows_the_total(full: Database):
    async with full.reading() as uow:
        page = await uow.page(ITEMS, sort="name", page=2, limit=10)

    assert [row.name for row in page.rows] == [f"thing {number:02}" for number in range(10, 20)]
    assert (page.page, page.limit, page.total, page.pages) == (2, 10, 25, 3)


async def test_a_page_behind_the_last_still_knows_the_total(full: Database):
    async with full.reading() as uow:
        behind = await uow.page(ITEMS, page=9, limit=10)
        empty = await uow.page(ITEMS, filters={"most": -1})

    assert (behind.rows, behind.total) == ([], 25)
    assert (empty.rows, empty.total, empty.pages) == ([], 0, 0)


async def test_a_usual_list_is_planned_once(full: Database):
    asked = select(func.count()).select_from(text("pg_prepared_statements"))
    kept = Statement(asked.where(text("generic_plans > 0 AND statement LIKE 'SELECT test_items%LIMIT 21'")), int)

    for _ in range(8):  # PostgreSQL compares five plans made for the values with a general one
        async with full.reading() as uow:
            await uow.slice(ITEMS, sort="price", limit=20)

    assert "LIMIT 21" in ITEMS.slice_shape(full.dialect, (), ("price", False), None, 21).sql
    if full.dialect == "postgresql":
        async with full.reading() as uow:
            assert await uow.value(kept) == 1


async def test_filters_combine_and_none_is_no_filter(full: Database):
    async with full.reading() as uow:
        books = await uow.page(ITEMS, filters={"kind": Kind.BOOK, "most": 3, "shown": None})
        hidden = await uow.page(ITEMS, filters={"shown": False})
        named = await uow.page(ITEMS, filters={"ids": [row.id for row in books.rows[:2]]})

    assert {row.kind for row in books.rows} == {Kind.BOOK}
    assert books.total == 6
    assert [row.name for row in hidden.rows] == ["thing 07"]
    assert {row.id for row in named.rows} == {row.id for row in books.rows[:2]}


@pytest.mark.parametrize("limit", [7, 10])  # as a parameter, and written into the statement
@pytest.mark.parametrize("sort", ["price", "-price", "name", "-name", "createdAt", "-createdAt", "kind", "-kind", "id", "-id"])
async def test_slices_walk_the_whole_list_and_back(full: Database, sort: str, limit: int):
    async with full.reading() as uow:
        whole = [row.id for row in (await uow.page(ITEMS, sort=sort, limit=100)).rows]
        walked, position, steps = [], None, []
        while True:
            part = await uow.slice(ITEMS, sort=sort, position=position, limit=limit)
            walked += [row.id for row in part.rows]
            steps.append(part)
            if part.next is None:
                break
            position = part.next
        back, position = [], steps[-1].prev
        while position is not None:
            part = await uow.slice(ITEMS, sort=sort, position=position, limit=limit)
            back = [row.id for row in part.rows] + back
            position = part.prev

    assert walked == whole
    assert back == whole[: -(len(whole) % limit)]
    assert steps[0].prev is None
    assert steps[0].sort == sort


async def test_a_position_is_plain_values_of_one_order(full: Database):
    async with full.reading() as uow:
        position = (await uow.slice(ITEMS, sort="createdAt", limit=3)).next

        assert all(isinstance(value, str | int | float | bool) for value in position)
        for foreign in (position[:3], ("next", "createdAt", 5, position[3]), ("aside", *position[1:])):
            with pytest.raises(Invalid):
                await uow.slice(ITEMS, sort="createdAt", position=foreign)
        with pytest.raises(Invalid):
            await uow.slice(ITEMS, sort="price", position=position)


async def test_what_is_not_offered_is_refused(database: Database):
    async with database.reading() as uow:
        with pytest.raises(Invalid):
            await uow.page(ITEMS, sort="stock")
        with pytest.raises(Invalid):
            await uow.page(ITEMS, filters={"stock": 3})


async def test_a_patch_changes_only_what_it_names(full: Database):
    async with full.unit() as uow:
        before = (await uow.page(ITEMS, sort="name", limit=1)).rows[0]
        renamed = await uow.patch(CHANGE, {"name": "new"}, id=before.id)
        fitting = await uow.patch(CHANGE, {"price": 77}, id=before.id, version=2)
        stale = await uow.patch(CHANGE, {"price": 78}, id=before.id, version=2)
        with pytest.raises(TypeError, match="does not change stock"):
            await uow.patch(CHANGE, {"stock": 1}, id=before.id)

    assert (renamed.name, renamed.price, renamed.version) == ("new", before.price, 2)
    assert (fitting.price, fitting.version) == (77, 3)
    assert stale is None


def test_a_nullable_order_is_refused():
    with pytest.raises(TypeError, match="nullable"):
        Listing(select(Item), ItemRow, sorts={"shelf": Item.shelf_id}, default="shelf", key=Item.id)


def test_a_filter_has_one_parameter():
    with pytest.raises(TypeError, match="one parameter"):
        Listing(
            select(Item), ItemRow, sorts={"id": Item.id}, default="id", key=Item.id, filters={"x": func.length(Item.name) > 3}
        )
