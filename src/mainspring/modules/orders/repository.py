"""The questions to the tables of orders. Every change of a state or an amount says under which condition it happens."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, or_, select

from mainspring.core.database import Listing, Repository, Statement, any_of, bind, insert_into, update_of

from .models import Order, OrderItem, OrderRefund
from .rows import FailureReason, ItemRow, OrderRow, OrderState, RefundRow, RefundState

COLUMNS = tuple(getattr(Order, field.name) for field in fields(OrderRow))
ITEM_COLUMNS = tuple(getattr(OrderItem, field.name) for field in fields(ItemRow))
REFUND_COLUMNS = tuple(getattr(OrderRefund, field.name) for field in fields(RefundRow))
IS_THIS = Order.id == bind("id", Order.id)
IS_PENDING = Order.state == OrderState.PENDING
IS_REFUNDABLE = or_(Order.state == OrderState.PAID, Order.state == OrderState.PARTLY_REFUNDED)
AMOUNT = bind("amount", Order.promised_amount)
BY_WHAT_WAS_REFUNDED = case(
    (Order.refunded_amount == 0, OrderState.PAID.value),
    (Order.refunded_amount < Order.total_amount, OrderState.PARTLY_REFUNDED.value),
    else_=OrderState.REFUNDED.value,
)

BY_ID = Statement(select(*COLUMNS).where(IS_THIS), OrderRow)
OF_BUYER = Statement(select(*COLUMNS).where(IS_THIS, Order.buyer_id == bind("buyer_id", Order.buyer_id)), OrderRow)
ITEMS = Statement(
    select(*ITEM_COLUMNS).where(any_of(OrderItem.order_id, "order_ids")).order_by(OrderItem.order_id, OrderItem.line), ItemRow
)
ORDERS = Listing(
    select(*COLUMNS),
    OrderRow,
    filters={
        "state": Order.state == bind("state", Order.state),
        "buyer_id": Order.buyer_id == bind("buyer_id", Order.buyer_id),
    },
    sorts={"createdAt": Order.created_at},
    default="-createdAt",
    key=Order.id,
)
REFUNDS = Listing(
    select(*REFUND_COLUMNS),
    RefundRow,
    filters={"order_id": OrderRefund.order_id == bind("order_id", OrderRefund.order_id)},
    sorts={"createdAt": OrderRefund.created_at},
    default="-createdAt",
    key=OrderRefund.id,
)
REFUND = Statement(
    select(*REFUND_COLUMNS).where(
        OrderRefund.id == bind("id", OrderRefund.id), OrderRefund.order_id == bind("order_id", OrderRefund.order_id)
    ),
    RefundRow,
)

ADD = Statement(insert_into(Order).returning(*COLUMNS), OrderRow)
ADD_ITEM: Statement[None] = Statement(insert_into(OrderItem))
ADD_REFUND = Statement(insert_into(OrderRefund).returning(*REFUND_COLUMNS), RefundRow)

PAY = Statement(
    update_of(Order)
    .where(IS_THIS, IS_PENDING)
    .values(state=OrderState.PAID, paid_at=bind("paid_at", Order.paid_at))
    .returning(*COLUMNS),
    OrderRow,
)
FAIL = Statement(
    update_of(Order)
    .where(IS_THIS, IS_PENDING)
    .values(state=OrderState.FAILED, reason=bind("reason", Order.reason))
    .returning(*COLUMNS),
    OrderRow,
)
CANCEL_PENDING = Statement(
    update_of(Order).where(IS_THIS, IS_PENDING).values(state=OrderState.CANCELLED).returning(*COLUMNS), OrderRow
)
BEGIN_CANCELLING = Statement(
    update_of(Order)
    .where(IS_THIS, IS_REFUNDABLE, Order.promised_amount <= Order.total_amount, Order.version == bind("seen", Order.version))
    .values(state=OrderState.CANCELLING, promised_amount=Order.total_amount)
    .returning(*COLUMNS),
    OrderRow,
)
FINISH_CANCELLING = Statement(
    update_of(Order).where(IS_THIS, Order.state == OrderState.CANCELLING).values(state=OrderState.CANCELLED).returning(*COLUMNS),
    OrderRow,
)
STOP_CANCELLING = Statement(
    update_of(Order).where(IS_THIS, Order.state == OrderState.CANCELLING).values(state=BY_WHAT_WAS_REFUNDED).returning(*COLUMNS),
    OrderRow,
)
PROMISE = Statement(
    update_of(Order)
    .where(IS_THIS, IS_REFUNDABLE, Order.promised_amount + AMOUNT <= Order.total_amount)
    .values(promised_amount=Order.promised_amount + AMOUNT)
    .returning(*COLUMNS),
    OrderRow,
)
BREAK_PROMISE = Statement(
    update_of(Order)
    .where(IS_THIS, Order.promised_amount - AMOUNT >= Order.refunded_amount)
    .values(promised_amount=Order.promised_amount - AMOUNT)
    .returning(*COLUMNS),
    OrderRow,
)
REFUNDED = Statement(
    update_of(Order)
    .where(IS_THIS, Order.refunded_amount + AMOUNT <= Order.promised_amount)
    .values(
        refunded_amount=Order.refunded_amount + AMOUNT,
        state=case(
            (~IS_REFUNDABLE, Order.state),
            (Order.refunded_amount + AMOUNT < Order.total_amount, OrderState.PARTLY_REFUNDED.value),
            else_=OrderState.REFUNDED.value,
        ),
    )
    .returning(*COLUMNS),
    OrderRow,
)
SETTLE_REFUND = Statement(
    update_of(OrderRefund)
    .where(OrderRefund.id == bind("id", OrderRefund.id), OrderRefund.state == RefundState.PENDING)
    .values(state=bind("state", OrderRefund.state))
    .returning(*REFUND_COLUMNS),
    RefundRow,
)


class OrderRepository(Repository):
    """Orders and their items. A change answers None when the order is not in the state that it needs."""

    async def by_id(self, id: UUID) -> OrderRow | None:
        """An order, whoever asks."""
        return await self.uow.one(BY_ID, id=id)

    async def of_buyer(self, id: UUID, buyer_id: UUID) -> OrderRow | None:
        """An order of this buyer."""
        return await self.uow.one(OF_BUYER, id=id, buyer_id=buyer_id)

    async def items_of(self, order_ids: Sequence[UUID]) -> dict[UUID, list[ItemRow]]:
        """What was ordered, by order."""
        found: dict[UUID, list[ItemRow]] = {id: [] for id in order_ids}
        for item in await self.uow.all(ITEMS, order_ids=list(order_ids)):
            found[item.order_id].append(item)
        return found

    async def add(self, facts: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> OrderRow:
        """A new pending order with its items."""
        state = {"state": OrderState.PENDING, "reason": None, "paid_at": None, "promised_amount": 0, "refunded_amount": 0}
        order = await self.uow.only(ADD, **facts, **state)
        await self.uow.run_many(ADD_ITEM, [{**item, "order_id": order.id, "line": line} for line, item in enumerate(items)])
        return order

    async def pay(self, id: UUID, paid_at: datetime) -> OrderRow | None:
        """The pending order is paid."""
        return await self.uow.one(PAY, id=id, paid_at=paid_at)

    async def fail(self, id: UUID, reason: FailureReason) -> OrderRow | None:
        """The pending order failed."""
        return await self.uow.one(FAIL, id=id, reason=reason)

    async def cancel_pending(self, id: UUID) -> OrderRow | None:
        """The pending order is cancelled."""
        return await self.uow.one(CANCEL_PENDING, id=id)

    async def begin_cancelling(self, id: UUID, seen: int) -> OrderRow | None:
        """Promise the buyer all that is left; None also when the order is no longer in the version `seen`."""
        return await self.uow.one(BEGIN_CANCELLING, id=id, seen=seen)

    async def finish_cancelling(self, id: UUID) -> OrderRow | None:
        """What was promised is paid back."""
        return await self.uow.one(FINISH_CANCELLING, id=id)

    async def stop_cancelling(self, id: UUID) -> OrderRow | None:
        """The money could not be paid back, so the order stands again."""
        return await self.uow.one(STOP_CANCELLING, id=id)


class RefundRepository(Repository):
    """Repayments, and the amounts of their orders."""

    async def of_order(self, order_id: UUID, id: UUID) -> RefundRow | None:
        """A refund of this order."""
        return await self.uow.one(REFUND, id=id, order_id=order_id)

    async def add(self, order: OrderRow, amount: int, reason: str, asked_by: UUID | None, id: UUID) -> RefundRow:
        """A refund under way."""
        return await self.uow.only(
            ADD_REFUND,
            id=id,
            order_id=order.id,
            state=RefundState.PENDING,
            amount=amount,
            currency=order.currency,
            reason=reason,
            asked_by=asked_by,
        )

    async def promise(self, order_id: UUID, amount: int) -> OrderRow | None:
        """Promise to pay back this much more; None when the order is not refundable or too little is left."""
        return await self.uow.one(PROMISE, id=order_id, amount=amount)

    async def break_promise(self, order_id: UUID, amount: int) -> OrderRow | None:
        """What was promised is not paid back."""
        return await self.uow.one(BREAK_PROMISE, id=order_id, amount=amount)

    async def paid_back(self, order_id: UUID, amount: int) -> OrderRow | None:
        """What was promised is paid back."""
        return await self.uow.one(REFUNDED, id=order_id, amount=amount)

    async def settle(self, id: UUID, state: RefundState) -> RefundRow | None:
        """The refund is done or refused; None when it was settled before."""
        return await self.uow.one(SETTLE_REFUND, id=id, state=state)
