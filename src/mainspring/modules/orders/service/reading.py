"""Who sees which orders."""

from typing import Any
from uuid import UUID

from mainspring.core.database import Page, Slice, UnitOfWork
from mainspring.core.errors import Forbidden
from mainspring.core.observability.logs import get_logger
from mainspring.core.observability.security_events import access_refused
from mainspring.core.personal_data import every_row
from mainspring.core.security.principal import Principal

from ..errors import OrderNotFound, RefundNotFound
from ..permissions import CANCEL, READ, REFUND
from ..repository import ORDERS, REFUNDS, OrderRepository, RefundRepository
from ..rows import OrderRow, OrderWithItems, RefundRow
from ..schemas import OrderQuery, RefundQuery

log = get_logger(__name__)


class OrderService:
    """Shows orders: to their buyers, and to whoever has `orders:read`."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.orders = OrderRepository(uow)

    async def get(self, id: UUID) -> OrderRow:
        """An order, whoever asks. Raises OrderNotFound."""
        order = await self.orders.by_id(id)
        if order is None:
            raise OrderNotFound(id)
        return order

    async def find_one(self, id: UUID) -> OrderRow | None:
        """An order, whoever asks; None when there is none."""
        return await self.orders.by_id(id)

    async def has_ordered(self, buyer_id: UUID) -> bool:
        """Whether the user has ever placed an order."""
        return bool((await OrderQuery(limit=1).fetch(self.uow, ORDERS, buyer_id=buyer_id)).rows)

    async def whole(self, order: OrderRow) -> OrderWithItems:
        """The order with its items."""
        return OrderWithItems(order, (await self.orders.items_of([order.id]))[order.id])

    async def seen_by(self, caller: Principal, id: UUID) -> OrderRow:
        """An order as far as the caller may see it. Raises OrderNotFound for a stranger's (R-281, D-19)."""
        sees_all = any(caller.may(permission) for permission in (READ, CANCEL, REFUND))
        order = await (self.orders.by_id(id) if sees_all else self.orders.of_buyer(id, caller.id))
        if order is None:
            access_refused(log, "resource_access_denied", caller.id, resourceId=str(id))
            raise OrderNotFound(id)
        return order

    async def find(self, caller: Principal, query: OrderQuery) -> tuple[Page[OrderRow] | Slice[OrderRow], list[OrderWithItems]]:
        """The caller's orders, or everybody's with `orders:read`. Raises Forbidden when he asks for another's without it."""
        only: dict[str, UUID] = {}
        if not caller.may(READ):
            if query.buyer_id not in (None, caller.id):
                raise Forbidden(f"Permission '{READ}' required", details={"required": [READ]})
            only = {"buyer_id": caller.id}
        found = await query.fetch(self.uow, ORDERS, **only)
        items = await self.orders.items_of([order.id for order in found.rows]) if found.rows else {}
        return found, [OrderWithItems(order, items[order.id]) for order in found.rows]

    async def refunds(self, caller: Principal, id: UUID, query: RefundQuery) -> Page[RefundRow] | Slice[RefundRow]:
        """What was paid back of an order. Raises OrderNotFound."""
        order = await self.seen_by(caller, id)
        return await query.fetch(self.uow, REFUNDS, order_id=order.id)

    async def refund(self, caller: Principal, id: UUID, refund_id: UUID) -> RefundRow:
        """One repayment of an order. Raises OrderNotFound, RefundNotFound."""
        order = await self.seen_by(caller, id)
        return await self.refund_of(order.id, refund_id)

    async def refund_of(self, order_id: UUID, refund_id: UUID) -> RefundRow:
        """One repayment of an order, whoever asks. Raises RefundNotFound."""
        refund = await RefundRepository(self.uow).of_order(order_id, refund_id)
        if refund is None:
            raise RefundNotFound(refund_id)
        return refund


async def owner_of(uow: UnitOfWork, id: UUID) -> UUID | None:
    """Who placed the order."""
    order = await OrderService(uow).find_one(id)
    return order.buyer_id if order else None


async def personal_data(uow: UnitOfWork, user_id: UUID) -> dict[str, Any]:
    """The orders of the user, with what was ordered."""
    orders = OrderService(uow)
    return {"orders": [await orders.whole(order) for order in await every_row(uow, ORDERS, buyer_id=user_id)]}
