"""Paying back: first the amount is promised by a conditional update, then the world is asked, then it is settled."""

from uuid import UUID

from mainspring.core import ids
from mainspring.core.database import UnitOfWork

from ..errors import NotRefundable, OrderNotFound, RefundTooHigh
from ..events import OrderRefunded
from ..repository import OrderRepository, RefundRepository
from ..rows import OrderRow, OrderState, RefundRow, RefundState

REFUNDABLE = (OrderState.PAID, OrderState.PARTLY_REFUNDED)


class RefundService:
    """Never promises more than was paid, whoever asks at the same time."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.refunds = RefundRepository(uow)

    async def promise(
        self, order_id: UUID, amount: int | None, reason: str, asked_by: UUID | None, *, refund_id: UUID | None = None
    ) -> RefundRow:
        """A refund under way; without an amount of all that is left. Raises NotRefundable, RefundTooHigh, OrderNotFound."""
        order = await self._order(order_id)
        wanted = order.left_amount if amount is None else amount
        promised = await self.refunds.promise(order_id, wanted) if wanted > 0 else None
        if promised is None:
            if (await self._order(order_id)).state not in REFUNDABLE:
                raise NotRefundable()
            raise RefundTooHigh()
        return await self.refunds.add(promised, wanted, reason, asked_by, refund_id or ids.new())

    async def done(self, refund: RefundRow) -> bool:
        """The money was paid back; False when that was known."""
        if await self.refunds.settle(refund.id, RefundState.DONE) is None:
            return False
        order = await self.refunds.paid_back(refund.order_id, refund.amount)
        assert order is not None  # noqa: S101 - the amount was promised when the refund was made
        self.uow.publish(
            OrderRefunded(
                order_id=order.id, buyer_id=order.buyer_id, amount=refund.amount, currency=refund.currency, refund_id=refund.id
            )
        )
        return True

    async def refused(self, refund: RefundRow) -> bool:
        """The money cannot be paid back, so its promise is broken; False when that was known."""
        if await self.refunds.settle(refund.id, RefundState.REFUSED) is None:
            return False
        return await self.refunds.break_promise(refund.order_id, refund.amount) is not None

    async def _order(self, id: UUID) -> OrderRow:
        order = await OrderRepository(self.uow).by_id(id)
        if order is None:
            raise OrderNotFound(id)
        return order
