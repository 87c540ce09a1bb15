"""Asking for money in three short steps, for the workflows of whoever sells something."""

from collections.abc import Mapping
from uuid import UUID

from mainspring.core.application import Application
from mainspring.core.money import Money

from ..errors import PaymentDeclined
from ..ports import PaymentGateway
from ..rows import PaymentRow, PaymentState
from .payments import PaymentService


class Charging:
    """Begins a payment, asks the gateway outside of any unit, and writes down the answer."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def charge(
        self,
        reference: UUID,
        key: str,
        amount: Money,
        method: str | None = None,
        owner_id: UUID | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> PaymentRow:
        """Take the money once for each key, however often it is called. The payment is succeeded or, with a slow bank, pending.

        Raises PaymentDeclined, KeyTaken, and Unavailable when no answer came: then call it again, or `give_back` the key.
        """
        async with self.application.unit() as uow:
            payment = await PaymentService(uow).begin(reference, key, amount, method, owner_id)
        if payment.state is PaymentState.FAILED:
            raise PaymentDeclined(payment.reason or "declined", charge_id=payment.charge_id)
        if payment.state.is_paid:
            return payment
        try:
            charge = await self.application.resolve(PaymentGateway).charge(key, amount, payment.method, metadata or {})
        except PaymentDeclined as declined:
            async with self.application.unit() as uow:
                await PaymentService(uow).declined(key, declined.reason, declined.charge_id)
            raise
        async with self.application.unit() as uow:
            return await PaymentService(uow).record(key, charge)
