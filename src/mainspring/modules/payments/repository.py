"""The questions to the tables of payments. Each change says under which condition it happens, so states move forward only."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select

from mainspring.core import clock
from mainspring.core.database import Listing, Page, Repository, Slice, Statement, bind, insert_into, update_of

from .models import Payment, PaymentEvent
from .rows import EventEffect, PaymentRow, PaymentState
from .schemas import PaymentQuery

COLUMNS = tuple(getattr(Payment, field.name) for field in fields(PaymentRow))
IS_THIS = Payment.id == bind("id", Payment.id)
IS_PENDING = Payment.state == PaymentState.PENDING
CHARGE_ID = bind("charge_id", Payment.charge_id)

OF_ID = Statement(select(*COLUMNS).where(IS_THIS), PaymentRow)
OF_OWNER = Statement(select(*COLUMNS).where(IS_THIS, Payment.owner_id == bind("owner_id", Payment.owner_id)), PaymentRow)
OF_KEY = Statement(select(*COLUMNS).where(Payment.key == bind("key", Payment.key)), PaymentRow)
OF_CHARGE = Statement(
    select(*COLUMNS).where(Payment.gateway == bind("gateway", Payment.gateway), Payment.charge_id == CHARGE_ID), PaymentRow
)
OF_REFERENCE = Statement(
    select(*COLUMNS)
    .where(Payment.reference == bind("reference", Payment.reference))
    .order_by(Payment.created_at.desc(), Payment.id.desc())
    .limit(1),
    PaymentRow,
)
PAYMENTS = Listing(
    select(*COLUMNS),
    PaymentRow,
    filters={
        "state": Payment.state == bind("state", Payment.state),
        "reference": Payment.reference == bind("reference", Payment.reference),
        "owner_id": Payment.owner_id == bind("owner_id", Payment.owner_id),
    },
    sorts={"createdAt": Payment.created_at},
    default="-createdAt",
    key=Payment.id,
)
UNANSWERED = Statement(
    select(Payment.id)
    .where(
        IS_PENDING,
        Payment.created_at <= bind("before", Payment.created_at),
        Payment.created_at > bind("since", Payment.created_at),
    )
    .order_by(Payment.created_at)
    .limit(500),
    UUID,
)

ADD = Statement(insert_into(Payment).on_conflict_do_nothing(index_elements=["key"]).returning(*COLUMNS), PaymentRow)
ACCEPT = Statement(
    update_of(Payment).where(IS_THIS, IS_PENDING, Payment.charge_id.is_(None)).values(charge_id=CHARGE_ID).returning(*COLUMNS),
    PaymentRow,
)
SUCCEED = Statement(
    update_of(Payment)
    .where(IS_THIS, or_(IS_PENDING, Payment.state == PaymentState.FAILED))
    .values(
        state=PaymentState.SUCCEEDED,
        charge_id=CHARGE_ID,
        reason=None,
        settled_at=bind("settled_at", Payment.settled_at),
    )
    .returning(*COLUMNS),
    PaymentRow,
)
FAIL = Statement(
    update_of(Payment)
    .where(IS_THIS, IS_PENDING)
    .values(
        state=PaymentState.FAILED,
        charge_id=CHARGE_ID,
        reason=bind("reason", Payment.reason),
        settled_at=bind("settled_at", Payment.settled_at),
    )
    .returning(*COLUMNS),
    PaymentRow,
)
PAY_BACK = Statement(
    update_of(Payment)
    .where(
        IS_THIS,
        or_(Payment.state == PaymentState.SUCCEEDED, Payment.state == PaymentState.PARTLY_REFUNDED),
        Payment.refunded_amount == bind("seen", Payment.refunded_amount),
        Payment.amount >= bind("refunded_amount", Payment.refunded_amount),
    )
    .values(state=bind("state", Payment.state), refunded_amount=bind("refunded_amount", Payment.refunded_amount))
    .returning(*COLUMNS),
    PaymentRow,
)
REFUSE = Statement(
    update_of(Payment)
    .where(Payment.key == bind("key", Payment.key), Payment.is_unwanted.is_(False))
    .values(is_unwanted=True)
    .returning(*COLUMNS),
    PaymentRow,
)

ADD_EVENT = Statement(
    insert_into(PaymentEvent).on_conflict_do_nothing(index_elements=["gateway", "event_id"]).returning(PaymentEvent.id), UUID
)
SETTLE_EVENT: Statement[None] = Statement(
    update_of(PaymentEvent)
    .where(PaymentEvent.id == bind("id", PaymentEvent.id))
    .values(effect=bind("effect", PaymentEvent.effect))
)
FORGET_EVENTS: Statement[None] = Statement(
    delete(PaymentEvent).where(PaymentEvent.received_at < bind("before", PaymentEvent.received_at))
)


class PaymentRepository(Repository):
    """Payments."""

    async def of_id(self, id: UUID) -> PaymentRow | None:
        """One payment."""
        return await self.uow.one(OF_ID, id=id)

    async def of_owner(self, id: UUID, owner_id: UUID) -> PaymentRow | None:
        """One payment of this owner."""
        return await self.uow.one(OF_OWNER, id=id, owner_id=owner_id)

    async def of_key(self, key: str) -> PaymentRow | None:
        """The payment that was asked for with the key."""
        return await self.uow.one(OF_KEY, key=key)

    async def of_charge(self, gateway: str, charge_id: str) -> PaymentRow | None:
        """The payment of a charge."""
        return await self.uow.one(OF_CHARGE, gateway=gateway, charge_id=charge_id)

    async def of_reference(self, reference: UUID) -> PaymentRow | None:
        """The latest payment of a thing."""
        return await self.uow.one(OF_REFERENCE, reference=reference)

    async def add(self, facts: Mapping[str, Any]) -> PaymentRow | None:
        """A new pending payment; None when its key is taken."""
        none_yet = {"charge_id": None, "reason": None, "settled_at": None, "refunded_amount": 0, "is_unwanted": False}
        return await self.uow.one(ADD, state=PaymentState.PENDING, **none_yet, **facts)

    async def accept(self, id: UUID, charge_id: str) -> PaymentRow | None:
        """The gateway knows it and has not decided; None when that was known."""
        return await self.uow.one(ACCEPT, id=id, charge_id=charge_id)

    async def succeed(self, id: UUID, charge_id: str) -> PaymentRow | None:
        """The money was taken; None when that was known."""
        return await self.uow.one(SUCCEED, id=id, charge_id=charge_id, settled_at=clock.now())

    async def fail(self, id: UUID, charge_id: str | None, reason: str) -> PaymentRow | None:
        """The money was not taken; None when it is decided already."""
        return await self.uow.one(FAIL, id=id, charge_id=charge_id, reason=reason, settled_at=clock.now())

    async def pay_back(self, payment: PaymentRow, refunded: int) -> PaymentRow | None:
        """So much was paid back in all; None when the payment changed since it was read."""
        state = PaymentState.REFUNDED if refunded == payment.amount else PaymentState.PARTLY_REFUNDED
        return await self.uow.one(PAY_BACK, id=payment.id, seen=payment.refunded_amount, refunded_amount=refunded, state=state)

    async def refuse(self, key: str) -> PaymentRow | None:
        """Nobody wants the money of this key any more; None when that was known or there is no such payment."""
        return await self.uow.one(REFUSE, key=key)

    async def unanswered(self, before: datetime, since: datetime) -> list[UUID]:
        """Pending payments of that time, the oldest first, at most 500."""
        return await self.uow.all(UNANSWERED, before=before, since=since)

    async def list(self, query: PaymentQuery, **more: Any) -> Page[PaymentRow] | Slice[PaymentRow]:
        """The page or slice that the query asks for."""
        return await query.fetch(self.uow, PAYMENTS, **more)


class EventRepository(Repository):
    """What gateways told."""

    async def add(self, facts: Mapping[str, Any]) -> UUID | None:
        """Keep an event; None when it was kept before."""
        return await self.uow.one(ADD_EVENT, received_at=clock.now(), **facts)

    async def settle(self, id: UUID, effect: EventEffect) -> None:
        """Note what it did."""
        await self.uow.run(SETTLE_EVENT, id=id, effect=effect)

    async def forget(self, before: datetime) -> int:
        """Remove what came before; how many there were."""
        return await self.uow.run(FORGET_EVENTS, before=before)
