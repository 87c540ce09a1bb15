"""Background work of payments: no money stays unaccounted for."""

from datetime import timedelta

from mainspring.core import clock
from mainspring.core.database import UnitOfWork
from mainspring.core.jobs import GiveUp, JobRun, Snooze, cron, every, job

from .ports import PaymentGateway
from .rows import PaymentRow, PaymentState
from .schemas import ProcessPayment
from .service import PaymentService, WebhookService

SHORTEST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(hours=1)


@job(queue="payments", attempts=20, timeout=timedelta(minutes=2))
async def process_payment(run: JobRun, order: ProcessPayment) -> None:
    """Ask the gateway what became of a payment, take it over, and pay back what nobody wants. Sleeps until that is decided."""
    gateway = run.application.resolve(PaymentGateway)
    async with run.reading() as uow:
        payment = await PaymentService(uow).of_id(order.payment_id)
    if payment is None or (payment.state is not PaymentState.PENDING and not payment.is_unwanted):
        return
    charge = await gateway.find(payment.key, payment.created_at)
    async with run.unit() as uow:
        payment = await PaymentService(uow).settle(payment, charge)
    if payment.is_unwanted and payment.state.is_paid and payment.left.amount and payment.charge_id:
        refund = await gateway.refund(f"{payment.key}/back", payment.charge_id, payment.left)
        async with run.unit() as uow:
            payment = await PaymentService(uow).refunded(payment.key, refund)
    if payment.state is PaymentState.PENDING:
        _wait_on(payment)


@every(timedelta(seconds=30))
async def find_unanswered(uow: UnitOfWork) -> None:
    """Have every payment looked up that got no answer for a while: its process died, or the gateway's answer was lost."""
    await PaymentService(uow).process_unanswered()


@cron("40 3 * * *")
async def forget_old_events(uow: UnitOfWork) -> None:
    """Remove webhooks that nobody repeats any more."""
    await WebhookService(uow).forget_old()


def _wait_on(payment: PaymentRow) -> None:
    age = clock.now() - payment.created_at
    if age > PaymentService.LONGEST_PENDING:
        raise GiveUp(f"payment {payment.id} has been pending for {age.days} days: look at it at the gateway")
    raise Snooze(min(max(age / 4, SHORTEST_PAUSE), LONGEST_PAUSE))
