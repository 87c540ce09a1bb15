"""Taking an order back."""

from datetime import timedelta
from uuid import UUID

from mainspring.core import clock, ids
from mainspring.core.database import UnitOfWork
from mainspring.core.errors import Conflict, Forbidden
from mainspring.core.security.principal import Principal

from ..errors import NotCancellable
from ..events import OrderCancelled
from ..permissions import CANCEL
from ..repository import OrderRepository, RefundRepository
from ..rows import OrderRow, OrderState, RefundRow
from .reading import OrderService
from .refunding import REFUNDABLE

ATTEMPTS = 5
ALWAYS = (OrderState.PENDING, OrderState.CANCELLING, OrderState.CANCELLED)  # what is not paid, or cancelled before
REASON = "The order was cancelled."


class CancellingService:
    """Cancels pending orders at once. For paid ones it promises all that is left; the workflow pays it back."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.orders = OrderRepository(uow)

    async def allowed(self, caller: Principal, id: UUID, within: timedelta) -> OrderRow:
        """The order, if the caller may cancel it: the buyer `within` this time, holders of `orders:cancel` always.

        Raises OrderNotFound, Forbidden, NotCancellable.
        """
        order = await OrderService(self.uow).seen_by(caller, id)
        if caller.may(CANCEL):
            return order
        if order.buyer_id != caller.id:
            raise Forbidden(f"Permission '{CANCEL}' required", details={"required": [CANCEL]})
        if order.created_at + within < clock.now() and order.state not in ALWAYS:
            raise NotCancellable()
        return order

    async def cancel_pending(self, id: UUID) -> OrderRow | None:
        """The order, cancelled; None when it is not pending. Whoever calls frees its products and tells its workflow."""
        order = await self.orders.cancel_pending(id)
        if order is not None:
            self._publish(order)
        return order

    async def begin(self, id: UUID, asked_by: UUID | None) -> RefundRow | None:
        """Promise the buyer all that is left; None when nothing is. Raises NotCancellable, OrderNotFound.

        Raises Conflict when others keep changing the order.
        """
        for _ in range(ATTEMPTS):
            before = await OrderService(self.uow).get(id)
            if before.state not in REFUNDABLE:
                raise NotCancellable()
            order = await self.orders.begin_cancelling(id, before.version)
            if order is not None:
                left = before.left_amount
                return await RefundRepository(self.uow).add(order, left, REASON, asked_by, ids.new()) if left else None
        raise Conflict()

    async def finish(self, id: UUID) -> bool:
        """The order is cancelled; False when it was before."""
        order = await self.orders.finish_cancelling(id)
        if order is None:
            return False
        self._publish(order)
        return True

    async def stop(self, id: UUID) -> bool:
        """The money cannot be paid back, so the order stands again; False when it was not being cancelled."""
        return await self.orders.stop_cancelling(id) is not None

    def _publish(self, order: OrderRow) -> None:
        self.uow.publish(
            OrderCancelled(order_id=order.id, buyer_id=order.buyer_id, amount=order.total_amount, currency=order.currency)
        )
