"""Orders over REST. Who may see or change whose is decided by the service; one's own need no permission."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from mainspring.core.http import Answer, App, CallContext, PageOut, ReadUnit, Router, Saga, pagination_of, problems
from mainspring.core.workflows import StillRunning
from mainspring.modules.inventory.errors import OutOfStock
from mainspring.modules.payments.errors import PaymentDeclined, RefundRefused

from .errors import (
    MixedCurrencies,
    NotCancellable,
    NotRefundable,
    OrderNoLongerPending,
    OrderNotFound,
    PaymentTooLate,
    RefundNotFound,
    RefundTooHigh,
    TotalTooHigh,
)
from .permissions import Buyer, OrderCanceller, OrderSeer, Refunder
from .rows import OrderState
from .schemas import OrderOut, OrderQuery, PlaceOrder, RefundOrder, RefundOut, RefundQuery
from .service import OrderService
from .workflows import Cancelling, UnderWay, placing_of, refunding_of

router = Router(prefix="/orders", tags=["orders"])

REFUSED = problems(OutOfStock, PaymentDeclined, PaymentTooLate, OrderNoLongerPending, MixedCurrencies, TotalTooHigh)
Responses = dict[int | str, dict[str, Any]]  # Any: OpenAPI's own shape
PENDING: Responses = {202: {"model": OrderOut, "description": "The payment is decided later; look at Location."}}
GOING_BACK: Responses = {202: {"model": OrderOut, "description": "The money is not back yet; look at the order."}}
PAYING_BACK: Responses = {202: {"model": RefundOut, "description": "The money is not back yet; look at Location."}}


@router.post("", status_code=201, responses={**REFUSED, **PENDING})
async def place_order(body: PlaceOrder, buyer: Buyer, saga: Saga, application: App, answer: Answer) -> OrderOut:
    """Buy at the server's prices. Send the same Idempotency-Key again when no answer came: it stays one order."""
    try:
        placed = await saga.run(placing_of(buyer, body))
    except StillRunning as pending:
        placed = await UnderWay(application).order(pending.id)
        answer.status = 202
    answer.location(f"/api/v1/orders/{placed.order.id}")
    return OrderOut.of(placed)


@router.get("")
async def list_orders(query: Annotated[OrderQuery, Query()], caller: OrderSeer, uow: ReadUnit) -> PageOut[OrderOut]:
    """One's own orders; everybody's with `orders:read`."""
    found, orders = await OrderService(uow).find(caller, query)
    return PageOut[OrderOut](data=OrderOut.list_of(orders), pagination=pagination_of(found))


@router.get("/{id}", responses=problems(OrderNotFound))
async def get_order(id: UUID, caller: OrderSeer, uow: ReadUnit) -> OrderOut:
    """An order: one's own, or anybody's with `orders:read`."""
    orders = OrderService(uow)
    return OrderOut.of(await orders.whole(await orders.seen_by(caller, id)))


@router.post("/{id}/cancellation", responses={**problems(OrderNotFound, NotCancellable, RefundRefused), **GOING_BACK})
async def cancel_order(id: UUID, caller: OrderCanceller, application: App, context: CallContext, answer: Answer) -> OrderOut:
    """Take an order back: one's own for a while, anybody's with `orders:cancel`. What was paid is paid back."""
    found = await Cancelling(application, context).run(caller, id)
    if found.order.state is OrderState.CANCELLING:
        answer.status = 202
    return OrderOut.of(found)


@router.post(
    "/{id}/refunds",
    status_code=201,
    responses={**problems(OrderNotFound, NotRefundable, RefundTooHigh, RefundRefused), **PAYING_BACK},
)
async def refund_order(id: UUID, body: RefundOrder, caller: Refunder, saga: Saga, application: App, answer: Answer) -> RefundOut:
    """Pay back a part of what was paid, or all that is left. The products stay with the buyer."""
    try:
        refund = await saga.run(refunding_of(caller, id, body))
    except StillRunning as pending:
        refund = await UnderWay(application).refund(id, pending.id)
        answer.status = 202
    answer.location(f"/api/v1/orders/{id}/refunds/{refund.id}")
    return RefundOut.of(refund)


@router.get("/{id}/refunds", responses=problems(OrderNotFound))
async def list_refunds(id: UUID, query: Annotated[RefundQuery, Query()], caller: OrderSeer, uow: ReadUnit) -> PageOut[RefundOut]:
    """What was paid back of an order."""
    return PageOut[RefundOut].of(await OrderService(uow).refunds(caller, id, query))


@router.get("/{id}/refunds/{refund_id}", responses=problems(OrderNotFound, RefundNotFound))
async def get_refund(id: UUID, refund_id: UUID, caller: OrderSeer, uow: ReadUnit) -> RefundOut:
    """One repayment of an order."""
    return RefundOut.of(await OrderService(uow).refund(caller, id, refund_id))
