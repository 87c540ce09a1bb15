"""The code of docs/guides/commerce.md works as it stands there, and its tables name what there is."""

import re
from pathlib import Path
from uuid import UUID

from mainspring.core import ids
from mainspring.core.events.subscribing import kinds_of
from mainspring.modules.orders.events import OrderPaid
from mainspring.modules.orders.rows import OrderState
from mainspring.modules.orders.settings import Settings

GUIDE = (Path(__file__).parents[4] / "docs" / "guides" / "commerce.md").read_text()


class PointService:
    """What the guide takes for granted."""

    awarded: list[tuple[UUID, int]] = []

    def __init__(self, uow):
        self.uow = uow

    async def award(self, user_id, points):
        self.awarded.append((user_id, points))


async def test_the_subscriber_of_the_guide_hears_of_a_paid_order(application):
    [block] = re.findall(r"^```python\n(.+?)^```$", GUIDE, re.M | re.S)
    found = {"PointService": PointService}
    exec(compile(block, "docs/guides/commerce.md", "exec"), found)
    paid = OrderPaid(order_id=ids.new(), buyer_id=ids.new(), amount=1999, currency="EUR")

    async with application.unit() as uow:
        await found["award_points"](uow, paid)

    assert kinds_of(found["award_points"]) == (OrderPaid,)
    assert PointService.awarded[-1] == (paid.buyer_id, 19)


def test_the_picture_shows_every_state_and_the_table_every_setting():
    picture, *_others = re.findall(r"^```mermaid\n(.+?)^```$", GUIDE, re.M | re.S)
    shown = set(re.findall(r"^ +(\w+) --> (\w+):", picture, re.M))

    assert {state for pair in shown for state in pair} == {state.value for state in OrderState}
    assert all(f"`ORDERS__{name.upper()}`" in GUIDE for name in Settings.model_fields)
