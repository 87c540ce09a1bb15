"""Twenty orders of the demo people to look at: paid, declined, cancelled and partly refunded (R-224)."""

from collections.abc import Callable
from contextlib import suppress

from mainspring.core.application import Application
from mainspring.core.database import UnitOfWork
from mainspring.core.errors import PaymentRefused
from mainspring.core.workflows import Workflows
from mainspring.modules.catalog.rows import ProductRow
from mainspring.modules.catalog.schemas import ProductQuery
from mainspring.modules.catalog.service import CatalogService
from mainspring.modules.payments.ports import PaymentGateway
from mainspring.modules.users.rows import UserRow
from mainspring.modules.users.service import UserService

from .rows import OrderWithItems
from .service import OrderedLine, OrderService
from .workflows import CancelOrderFlow, PlaceOrderFlow, RefundOrderFlow

WHAT = "orders"
BUYERS = [f"{first}.allen@demo.example" for first in ("ada", "alan", "barbara", "dennis", "edsger")]
ORDERS_EACH = 4
ENOUGH = 10  # of a product, so that seeding sells nothing out
LOCAL = "local"


async def seed(application: Application, progress: Callable[[int, int], None]) -> int:
    """Place the orders of demo people who have none yet; how many were placed. None where the bank is a real one."""
    if application.resolve(PaymentGateway).name != LOCAL:
        return 0
    made = 0
    for number, email in enumerate(BUYERS):
        async with application.reading() as uow:
            buyer = await UserService(uow).by_email(email)
            is_new = buyer is not None and not await OrderService(uow).has_ordered(buyer.id)
            products = [found for found in (await _products(uow)) if found.stock >= ENOUGH] if is_new else []
        if buyer is not None and products:
            await _shop(application, buyer, products[number:])
            made += ORDERS_EACH
        progress(number + 1, len(BUYERS))
    return made


async def _shop(application: Application, buyer: UserRow, products: list[ProductRow]) -> None:
    """One order that stays, one that is declined, one that is cancelled, one that is refunded a little."""
    workflows = application.resolve(Workflows)
    await _buy(workflows, buyer, products[0], products[1])
    with suppress(PaymentRefused):  # that is what it is for
        await _buy(workflows, buyer, products[2], card="card_declined")
    cancelled = await _buy(workflows, buyer, products[3])
    await workflows.run(CancelOrderFlow(cancelled.order.id, buyer.id), owner_id=buyer.id)
    refunded = await _buy(workflows, buyer, products[4])
    await workflows.run(RefundOrderFlow(refunded.order.id, 100, "Scratched", buyer.id), owner_id=buyer.id)


async def _buy(workflows: Workflows, buyer: UserRow, *products: ProductRow, card: str = "card_ok") -> OrderWithItems:
    lines = tuple(OrderedLine(product.id, 1) for product in products)
    placed: OrderWithItems = await workflows.run(PlaceOrderFlow(buyer.id, lines, card), owner_id=buyer.id)
    return placed


async def _products(uow: UnitOfWork) -> list[ProductRow]:
    return list((await CatalogService(uow).list(ProductQuery(min_price=500, sort="name", limit=50))).rows)
