"""What gateways tell by themselves: each event counts once, in the transaction of its effect, in whichever order they come."""

from collections.abc import Mapping
from datetime import timedelta

from mainspring.core import clock
from mainspring.core.database import UnitOfWork
from mainspring.core.observability import get_logger

from ..errors import UnknownGateway
from ..ports import GatewayEvent, PaymentGateway
from ..repository import EventRepository, PaymentRepository
from ..rows import EventEffect, PaymentRow
from .payments import AmountDiffers, PaymentService

KEPT_FOR = timedelta(days=90)

log = get_logger(__name__)


class WebhookService:
    """Receives webhooks."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.events = EventRepository(uow)
        self.payments = PaymentRepository(uow)

    async def receive(self, gateway: str, headers: Mapping[str, str], body: bytes) -> EventEffect | None:
        """What the event did; None when it was received before.

        Raises UnknownGateway, and WebhookRefused when it is not signed by the gateway, too old or altered. An event about a
        payment that we do not have is kept and accepted, because sending it again would not help.
        """
        port = self.uow.port(PaymentGateway)
        if port.name != gateway:
            raise UnknownGateway()
        event = port.parse_webhook(headers, body)
        payment = await self._payment_of(gateway, event)
        if payment is not None:  # the event's row holds the payment's too, and two that hold it would wait for each other
            await self.uow.lock(f"payments.webhook {payment.id}", wait=True)
        effect = EventEffect.IGNORED if event.charge is None else EventEffect.STALE if payment else EventEffect.UNKNOWN
        id = await self.events.add(
            {
                "gateway": gateway,
                "event_id": event.id,
                "kind": event.kind,
                "charge_id": event.charge.id if event.charge else None,
                "payment_id": payment.id if payment else None,
                "effect": effect,
                "occurred_at": event.occurred_at,
            }
        )
        if id is None:
            return None
        if payment is None or event.charge is None:
            log.info("payment_event_without_effect", gateway=gateway, eventId=event.id, kind=event.kind, effect=effect)
            return effect
        try:
            if not await PaymentService(self.uow).apply(payment, event.charge):
                return effect
            effect = EventEffect.APPLIED
        except AmountDiffers as error:
            log.error("payment_event_refused", error=error, gateway=gateway, eventId=event.id)
            effect = EventEffect.MISMATCH
        await self.events.settle(id, effect)
        return effect

    async def forget_old(self) -> int:
        """Remove events of more than 90 days ago; providers repeat them for three. How many there were."""
        return await self.events.forget(clock.now() - KEPT_FOR)

    async def _payment_of(self, gateway: str, event: GatewayEvent) -> PaymentRow | None:
        if event.charge is None:
            return None
        found = await self.payments.of_charge(gateway, event.charge.id)
        if found is None and event.charge.key is not None:
            found = await self.payments.of_key(event.charge.key)
        return found if found is not None and found.gateway == gateway else None
