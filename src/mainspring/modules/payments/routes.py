"""Payments over REST."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from mainspring.core.http import PageOut, RawRequest, ReadUnit, Router, WriteUnit, problems
from mainspring.core.security.guard import public

from .errors import PaymentNotFound, UnknownGateway, WebhookRefused
from .permissions import PaymentSeer
from .schemas import PaymentOut, PaymentQuery, WebhookOut
from .service import PaymentService, WebhookService

router = Router(prefix="/payments", tags=["payments"])


@router.get("")
async def list_payments(query: Annotated[PaymentQuery, Query()], caller: PaymentSeer, uow: ReadUnit) -> PageOut[PaymentOut]:
    """List one's own payments, or everybody's with `payments:read`."""
    return PageOut[PaymentOut].of(await PaymentService(uow).list(caller, query))


@router.get("/{id}", responses=problems(PaymentNotFound))
async def get_payment(id: UUID, caller: PaymentSeer, uow: ReadUnit) -> PaymentOut:
    """Read one payment: one's own, or any with `payments:read`."""
    return PaymentOut.of(await PaymentService(uow).get(caller, id))


@router.post("/webhooks/{gateway}", dependencies=[public], responses=problems(WebhookRefused, UnknownGateway))
async def receive_webhook(gateway: str, sent: RawRequest, uow: WriteUnit) -> WebhookOut:
    """What the payment gateway tells by itself. Its signature is the proof; a repeated event changes nothing."""
    effect = await WebhookService(uow).receive(gateway, sent.headers, sent.body)
    return WebhookOut(effect=effect.value if effect else "duplicate")
