"""A payment from the moment it is asked for to its end. States move forward only, whoever tells them and in whichever order."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from mainspring.core import clock
from mainspring.core.database import Page, RunAgain, Slice, UnitOfWork
from mainspring.core.money import Money
from mainspring.core.observability import get_logger
from mainspring.core.security.principal import Principal
from mainspring.core.settings import Settings as CoreSettings

from ..errors import KeyTaken, PaymentNotFound
from ..events import PaymentFailed, PaymentRefunded, PaymentSucceeded
from ..permissions import READ
from ..ports import Charge, ChargeState, PaymentGateway, Refund
from ..repository import PaymentRepository
from ..rows import PaymentRow, PaymentState
from ..schemas import PaymentQuery, ProcessPayment
from ..settings import Settings

LOCAL_METHOD = "card_ok"
NEVER_ASKED = "never_asked"
LONGEST_REASON = 200
ATTEMPTS = 5

log = get_logger(__name__)


class AmountDiffers(RuntimeError):
    """The gateway speaks of another amount than we asked for; nothing was written."""


class PaymentService:
    """Payments: begin one, take over what the gateway says, look them up.

    A saga asks for money like this: `begin` in a unit, `PaymentGateway.charge` with the same key outside of any unit, then
    `record` in another unit; `Charging` does just that. A payment without an answer is looked up by a job, so a process may
    die anywhere in between. An undo is `give_back`.
    """

    LONGEST_PENDING = timedelta(days=7)

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.payments = PaymentRepository(uow)

    async def begin(
        self, reference: UUID, key: str, amount: Money, method: str | None = None, owner_id: UUID | None = None
    ) -> PaymentRow:
        """A pending payment for `reference`, made once for each key. Raises KeyTaken when the key was used for another one.

        Commit it before the gateway is asked. Without a method it is `PAYMENTS__DEFAULT_METHOD`. The amount is above zero.
        """
        gateway = self.uow.port(PaymentGateway).name
        method = method or self._settings().default_method or (LOCAL_METHOD if gateway == "local" else "")
        facts = {"reference": reference, "key": key, "amount": amount.amount, "currency": amount.currency}
        payment = await self.payments.add({**facts, "method": method, "owner_id": owner_id, "gateway": gateway})
        if payment is not None:
            return payment
        known = await self.of_key(key)
        if (known.reference, known.money) != (reference, amount):
            raise KeyTaken()
        return known

    async def record(self, key: str, charge: Charge) -> PaymentRow:
        """Take over what the gateway says about the charge of this key. Older news than we have changes nothing.

        Raises PaymentNotFound, and AmountDiffers when the charge is not the one that was asked for.
        """
        payment = await self.of_key(key)
        await self.apply(payment, charge)
        return await self.of_key(key)

    async def declined(self, key: str, reason: str, charge_id: str | None = None) -> PaymentRow:
        """The bank refused the charge of this key. Raises PaymentNotFound."""
        payment = await self.of_key(key)
        await self._fail(payment, charge_id, reason)
        return await self.of_key(key)

    async def refunded(self, key: str, refund: Refund) -> PaymentRow:
        """The gateway paid back a part of the charge of this key. Raises PaymentNotFound."""
        await self._pay_back(await self.of_key(key), refund.refunded)
        return await self.of_key(key)

    async def give_back(self, key: str) -> PaymentRow | None:
        """Nobody wants this money any more: what was or will be taken with the key is paid back, by a job that does not give up.

        The undo of a charge, also of one whose answer nobody knows. None when no payment was begun with the key.
        """
        payment = await self.payments.refuse(key) or await self.payments.of_key(key)
        if payment is not None:
            self._process(payment)
        return payment

    async def of_key(self, key: str) -> PaymentRow:
        """The payment that was begun with the key. Raises PaymentNotFound."""
        payment = await self.payments.of_key(key)
        if payment is None:
            raise PaymentNotFound(key)
        return payment

    async def of_id(self, id: UUID) -> PaymentRow | None:
        """One payment."""
        return await self.payments.of_id(id)

    async def of_reference(self, reference: UUID) -> PaymentRow | None:
        """The latest payment of a thing, such as an order."""
        return await self.payments.of_reference(reference)

    async def get(self, caller: Principal, id: UUID) -> PaymentRow:
        """One payment: one's own, or any with `payments:read`. Raises PaymentNotFound."""
        payment = await (self.payments.of_id(id) if caller.may(READ) else self.payments.of_owner(id, caller.id))
        if payment is None:
            raise PaymentNotFound(id)
        return payment

    async def apply(self, payment: PaymentRow, charge: Charge) -> bool:
        """Move the payment to where the charge is, if that is ahead; whether anything changed. Raises AmountDiffers."""
        if charge.amount != payment.money or not 0 <= charge.refunded <= payment.amount:
            raise AmountDiffers(f"payment {payment.id} is {payment.money}, its charge {charge.id} {charge.amount}")
        changed = False
        if charge.state is ChargeState.SUCCEEDED or charge.refunded:  # whatever was paid back was paid before
            changed = await self._succeed(payment, charge.id)
        elif charge.state is ChargeState.DECLINED:
            changed = await self._fail(payment, charge.id, charge.reason or "declined")
        else:
            changed = await self.payments.accept(payment.id, charge.id) is not None
        return await self._pay_back(payment, charge.refunded) or changed

    async def settle(self, payment: PaymentRow, charge: Charge | None) -> PaymentRow:
        """Take over what `PaymentGateway.find` said. A payment that the gateway never saw fails after a while."""
        if charge is not None:
            return await self.record(payment.key, charge)
        if clock.now() - payment.created_at >= self._settings().give_up_after:
            await self._fail(payment, None, NEVER_ASKED)
        return await self.of_key(payment.key)

    async def process_unanswered(self) -> int:
        """Have payments looked up that have been pending for a while, but not those of long ago; how many there are."""
        now = clock.now()
        unanswered = await self.payments.unanswered(now - self._settings().settle_after, now - self.LONGEST_PENDING)
        for id in unanswered:
            self.uow.enqueue(ProcessPayment(id), dedup_key=str(id))
        return len(unanswered)

    async def _succeed(self, payment: PaymentRow, charge_id: str) -> bool:
        paid = await self.payments.succeed(payment.id, charge_id)
        if paid is None:
            return False
        if payment.state is PaymentState.FAILED:
            log.warn("failed_payment_succeeded", paymentId=payment.id, reason=payment.reason)
        self.uow.publish(PaymentSucceeded(**_facts(paid), amount=paid.amount))
        if paid.is_unwanted:  # a job of its own: the one that waits for the bank may sleep for an hour
            self.uow.enqueue(ProcessPayment(paid.id), dedup_key=f"{paid.id} unwanted")
        return True

    async def _fail(self, payment: PaymentRow, charge_id: str | None, reason: str) -> bool:
        failed = await self.payments.fail(payment.id, charge_id or payment.charge_id, reason[:LONGEST_REASON])
        if failed is None:
            return False
        self.uow.publish(PaymentFailed(**_facts(failed), amount=failed.amount, reason=reason[:LONGEST_REASON]))
        return True

    async def _pay_back(self, payment: PaymentRow, refunded: int) -> bool:
        for _ in range(ATTEMPTS):
            now = await self.of_key(payment.key)
            if refunded <= now.refunded_amount:
                return False
            after = await self.payments.pay_back(now, refunded)
            if after is not None:
                amount = after.refunded_amount - now.refunded_amount
                self.uow.publish(PaymentRefunded(**_facts(after), amount=amount, refunded=after.refunded_amount))
                return True
        raise RunAgain()

    def _process(self, payment: PaymentRow) -> None:
        self.uow.enqueue(ProcessPayment(payment.id), dedup_key=str(payment.id))

    def _settings(self) -> Settings:
        return self.uow.port(CoreSettings).section(Settings)

    async def list(self, caller: Principal, query: PaymentQuery) -> Page[PaymentRow] | Slice[PaymentRow]:
        """Payments: one's own, or all with `payments:read`."""
        return await (self.payments.list(query) if caller.may(READ) else self.payments.list(query, owner_id=caller.id))


def _facts(payment: PaymentRow) -> dict[str, Any]:  # Any: the fields of a fact have types of their own
    return {
        "id": payment.id,
        "reference": payment.reference,
        "owner_id": payment.owner_id,
        "charge_id": payment.charge_id,
        "currency": payment.currency,
    }


async def owner_of(uow: UnitOfWork, id: UUID) -> UUID | None:
    """Who pays."""
    payment = await PaymentService(uow).of_id(id)
    return payment.owner_id if payment else None
