"""`mainspring seed` leaves a shop in which somebody has bought (R-224)."""

from collections import Counter

from mainspring.core.database import Page
from mainspring.modules.auth import seeds as people
from mainspring.modules.catalog import seeds as products
from mainspring.modules.orders import seeds
from mainspring.modules.orders.repository import ORDERS


async def test_demo_people_have_orders_in_every_state_and_seeding_again_changes_nothing(app, application):
    for part in (people, products):
        await part.seed(application, lambda done, total: None)

    made = [await seeds.seed(application, lambda done, total: None) for _ in range(2)]
    await app.work()

    async with application.reading() as uow:
        found = await uow.page(ORDERS, limit=100)
    assert isinstance(found, Page)
    assert made == [20, 0]
    assert Counter(order.state for order in found.rows) == {"paid": 5, "failed": 5, "cancelled": 5, "partly_refunded": 5}
