"""What requests begin, and what is there to show while it goes on."""

from uuid import UUID

from mainspring.core.application import Application
from mainspring.core.errors import Unavailable
from mainspring.core.security.principal import Principal

from ..errors import OrderNotFound, RefundNotFound
from ..rows import OrderWithItems, RefundRow
from ..schemas import PlaceOrder, RefundOrder
from ..service import OrderedLine, OrderService
from .placing import PlaceOrderFlow
from .refunding import RefundOrderFlow


def placing_of(buyer: Principal, wish: PlaceOrder) -> PlaceOrderFlow:
    """The workflow that a buyer's wish begins."""
    lines = tuple(OrderedLine(line.product_id, line.quantity) for line in wish.items)
    return PlaceOrderFlow(buyer.id, lines, wish.payment_method)


def refunding_of(caller: Principal, order_id: UUID, wish: RefundOrder) -> RefundOrderFlow:
    """The workflow that somebody's wish begins."""
    return RefundOrderFlow(order_id, wish.amount, wish.reason, caller.id)


class UnderWay:
    """Shows what a workflow has made so far; both have the workflow's id."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def order(self, id: UUID) -> OrderWithItems:
        """The order that is being placed. Raises Unavailable when its first step has not been done yet."""
        async with self.application.reading() as uow:
            orders = OrderService(uow)
            try:
                return await orders.whole(await orders.get(id))
            except OrderNotFound:
                raise Unavailable() from None

    async def refund(self, order_id: UUID, id: UUID) -> RefundRow:
        """The refund that is being paid. Raises Unavailable when its first step has not been done yet."""
        async with self.application.reading() as uow:
            try:
                return await OrderService(uow).refund_of(order_id, id)
            except RefundNotFound:
                raise Unavailable() from None
