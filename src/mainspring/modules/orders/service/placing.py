"""A new order, until it is paid or fails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from mainspring.core import clock
from mainspring.core.database import UnitOfWork
from mainspring.core.errors import Invalid
from mainspring.core.money import MAX_AMOUNT
from mainspring.modules.catalog.rows import ProductRow
from mainspring.modules.catalog.service import CatalogService
from mainspring.modules.inventory.errors import OutOfStock

from ..errors import MixedCurrencies, OrderNoLongerPending, TotalTooHigh
from ..events import OrderFailed, OrderPaid, OrderPlaced
from ..repository import OrderRepository
from ..rows import FailureReason, OrderRow


@dataclass(frozen=True, slots=True)
class OrderedLine:
    """How many of which product."""

    product_id: UUID
    quantity: int


class PlacingService:
    """Creates orders at the prices of the catalog and brings them to their end. Stock and money are moved by the workflow."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.orders = OrderRepository(uow)

    async def create(self, id: UUID, buyer_id: UUID, lines: Sequence[OrderedLine], *, expires_at: datetime) -> OrderRow:
        """A pending order. Raises Invalid for an unknown product, MixedCurrencies, TotalTooHigh, OutOfStock."""
        products = await CatalogService(self.uow).several([line.product_id for line in lines])
        _refuse_unknown(lines, products)
        items = [_item(products[line.product_id], line.quantity) for line in lines]
        currencies = {product.price_currency for product in products.values()}
        if len(currencies) > 1:
            raise MixedCurrencies()
        total = sum(item["price_amount"] * item["quantity"] for item in items)
        if total > MAX_AMOUNT:
            raise TotalTooHigh()
        if short := [line.product_id for line in lines if products[line.product_id].stock < line.quantity]:
            raise OutOfStock(short)  # before anything is written: of many buyers of the last one, most end here
        facts = {"id": id, "buyer_id": buyer_id, "currency": currencies.pop(), "total_amount": total}
        order = await self.orders.add(facts | {"expires_at": expires_at}, items)
        self.uow.publish(OrderPlaced(order_id=id, buyer_id=buyer_id, amount=total, currency=order.currency))
        return order

    async def pay(self, id: UUID) -> OrderRow:
        """The order is paid. Raises OrderNoLongerPending when it was cancelled or failed meanwhile."""
        order = await self.orders.pay(id, clock.now())
        if order is None:
            raise OrderNoLongerPending()
        self.uow.publish(OrderPaid(order_id=id, buyer_id=order.buyer_id, amount=order.total_amount, currency=order.currency))
        return order

    async def fail(self, id: UUID, reason: FailureReason) -> bool:
        """The order is not paid; False when it is no longer pending, so that nothing was done."""
        order = await self.orders.fail(id, reason)
        if order is None:
            return False
        self.uow.publish(
            OrderFailed(
                order_id=id, buyer_id=order.buyer_id, amount=order.total_amount, currency=order.currency, reason=reason.value
            )
        )
        return True


def _refuse_unknown(lines: Sequence[OrderedLine], products: dict[UUID, ProductRow]) -> None:
    unknown = [
        {"field": f"items.{number}.productId", "message": f"Product {line.product_id} was not found", "code": "not_found"}
        for number, line in enumerate(lines)
        if line.product_id not in products
    ]
    if unknown:
        raise Invalid(details=unknown)


def _item(product: ProductRow, quantity: int) -> dict[str, Any]:
    return {"product_id": product.id, "name": product.name, "price_amount": product.price_amount, "quantity": quantity}
