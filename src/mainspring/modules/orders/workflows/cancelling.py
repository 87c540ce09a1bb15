"""Cancelling an order: at once while it is pending; a paid one is paid back first, then its products return to the stock."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.database import UnitOfWork
from mainspring.core.security.principal import Principal
from mainspring.core.workflows import Flow, StillRunning, Workflows, durable
from mainspring.modules.inventory.service import InventoryService

from ..errors import NotCancellable
from ..rows import OrderRow, OrderState, OrderWithItems
from ..service import CancellingService, OrderService, RefundService
from ..settings import Settings
from .paying import Repayment, pay_back, repayment_of
from .placing import ATTEMPTS, PATIENT, let_go

WAIT = timedelta(seconds=20)  # below REQUEST_TIMEOUT
ENDED = (OrderState.CANCELLED, OrderState.CANCELLING)


@dataclass(frozen=True, slots=True)
class CancelOrderFlow:
    """The paid order to cancel, and who asked for it."""

    order_id: UUID
    asked_by: UUID | None


@durable(attempts=ATTEMPTS, backoff=PATIENT)
async def cancel_order(flow: Flow, wish: CancelOrderFlow) -> OrderWithItems:
    """Answers the cancelled order. Raises NotCancellable, and what the payment service refused the refund with."""
    repayment = await flow.step("begin", begin, wish, undo=stop)
    if repayment is not None:
        await flow.call("refund", pay_back, repayment)
    return await flow.step("finish", finish, Finishing(wish.order_id, repayment), last=True)


@dataclass(frozen=True, slots=True)
class Finishing:
    """The order whose money is back with the buyer."""

    order_id: UUID
    repayment: Repayment | None


async def begin(uow: UnitOfWork, wish: CancelOrderFlow) -> Repayment | None:
    """Promise all that is left; None when nothing is."""
    refund = await CancellingService(uow).begin(wish.order_id, wish.asked_by)
    return None if refund is None else await repayment_of(uow, refund)


async def finish(uow: UnitOfWork, done: Finishing) -> OrderWithItems:
    """The money is back, so the products are, too."""
    if done.repayment is not None:
        await RefundService(uow).done(done.repayment.refund)
    await CancellingService(uow).finish(done.order_id)
    await InventoryService(uow).put_back(done.order_id)
    orders = OrderService(uow)
    return await orders.whole(await orders.get(done.order_id))


async def stop(uow: UnitOfWork, wish: CancelOrderFlow, repayment: Repayment | None) -> None:
    """The money cannot be paid back: the order stands again."""
    if repayment is not None:
        await RefundService(uow).refused(repayment.refund)
    await CancellingService(uow).stop(wish.order_id)


class Cancelling:
    """Cancels whatever the caller may cancel, in the state that it is in."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context

    async def run(self, caller: Principal, id: UUID) -> OrderWithItems:
        """The order, `cancelled`; `cancelling` while its money is not back yet. A second call changes nothing.

        Raises OrderNotFound, Forbidden, NotCancellable, and what the payment service refused the refund with.
        """
        window = self.application.settings.section(Settings).cancellation_window
        async with self.application.unit(self.context) as uow:
            before = await CancellingService(uow).allowed(caller, id, window)
            cancelled = await CancellingService(uow).cancel_pending(id)
            if cancelled is not None:
                await let_go(uow, id)
                return await OrderService(uow).whole(cancelled)
        if before.state not in ENDED:
            await self._pay_back(before, caller.id)
        async with self.application.reading(self.context) as reading:
            orders = OrderService(reading)
            return await orders.whole(await orders.get(id))

    async def _pay_back(self, before: OrderRow, asked_by: UUID) -> None:
        workflows = self.application.resolve(Workflows)
        try:
            await workflows.run(CancelOrderFlow(before.id, asked_by), owner_id=before.buyer_id, wait=WAIT)
        except StillRunning:
            return
        except NotCancellable:
            async with self.application.reading(self.context) as uow:
                if (await OrderService(uow).get(before.id)).state not in ENDED:  # else somebody else was faster
                    raise
