"""The questions to the tables of inventory.

Several reservations change in the order of reference and product, so that two who change the same ones never deadlock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, func, select

from mainspring.core import clock
from mainspring.core.database import Listing, Repository, Statement, bind, insert_into, update_of

from .models import StockAdjustment, StockReservation
from .rows import AdjustmentRow, MovedRow, ReservationRow, ReservationState

COLUMNS = tuple(getattr(StockReservation, field.name) for field in fields(ReservationRow))
MOVED = tuple(getattr(StockReservation, field.name) for field in fields(MovedRow))
ADJUSTMENT = tuple(getattr(StockAdjustment, field.name) for field in fields(AdjustmentRow))
OF_THIS = StockReservation.reference == bind("reference", StockReservation.reference)
IN_ORDER = (StockReservation.reference, StockReservation.product_id)

OF_REFERENCE = Statement(select(*COLUMNS).where(OF_THIS).order_by(*IN_ORDER), ReservationRow)
RESERVED = Statement(
    select(func.coalesce(func.sum(StockReservation.quantity), 0)).where(
        StockReservation.product_id == bind("product_id", StockReservation.product_id),
        StockReservation.state == ReservationState.HELD,
    ),
    int,
)
ADD: Statement[None] = Statement(
    insert_into(StockReservation).on_conflict_do_nothing(index_elements=[StockReservation.reference, StockReservation.product_id])
)


def moves(start: ReservationState, end: ReservationState) -> Statement[MovedRow]:
    """The statement that moves every part of a reference from one state to another."""
    parts = select(StockReservation.id).where(OF_THIS, StockReservation.state == start).order_by(*IN_ORDER).with_for_update()
    return Statement(
        update_of(StockReservation)
        .where(StockReservation.id.in_(parts), StockReservation.state == start)
        .values(state=end)
        .returning(*MOVED),
        MovedRow,
    )


CONSUME = moves(ReservationState.HELD, ReservationState.CONSUMED)
RELEASE = moves(ReservationState.HELD, ReservationState.RELEASED)
RETURN = moves(ReservationState.CONSUMED, ReservationState.RETURNED)

IS_HELD = StockReservation.state == ReservationState.HELD
EXPIRED = (
    select(StockReservation.reference)
    .where(IS_HELD, StockReservation.expires_at <= bind("now", StockReservation.expires_at))
    .order_by(StockReservation.expires_at, StockReservation.reference)
    .limit(bind("limit", BigInteger))
)
PARTS_OF_EXPIRED = (
    select(StockReservation.id).where(StockReservation.reference.in_(EXPIRED), IS_HELD).order_by(*IN_ORDER).with_for_update()
)
RELEASE_EXPIRED = Statement(
    update_of(StockReservation)
    .where(StockReservation.id.in_(PARTS_OF_EXPIRED), IS_HELD)
    .values(state=ReservationState.RELEASED)
    .returning(*MOVED),
    MovedRow,
)

ADD_ADJUSTMENT: Statement[None] = Statement(insert_into(StockAdjustment))
ADJUSTMENTS = Listing(
    select(*ADJUSTMENT),
    AdjustmentRow,
    filters={"product_id": StockAdjustment.product_id == bind("product_id", StockAdjustment.product_id)},
    sorts={"createdAt": StockAdjustment.created_at},
    default="-createdAt",
    key=StockAdjustment.id,
)


class ReservationRepository(Repository):
    """What is set aside, and what became of it."""

    async def of_reference(self, reference: UUID) -> Sequence[ReservationRow]:
        """The parts of a reservation, by product."""
        return await self.uow.all(OF_REFERENCE, reference=reference)

    async def reserved(self, product_id: UUID) -> int:
        """How many of a product are set aside."""
        return await self.uow.only(RESERVED, product_id=product_id)

    async def add(self, reference: UUID, parts: Mapping[UUID, UUID], quantities: Mapping[UUID, int], until: datetime) -> None:
        """Set quantities of products aside, unless the reference has these products already. `parts` are the rows' ids."""
        held = {"reference": reference, "state": ReservationState.HELD, "expires_at": until}
        await self.uow.run_many(
            ADD,
            [held | {"id": parts[id], "product_id": id, "quantity": quantity} for id, quantity in sorted(quantities.items())],
        )

    async def consume(self, reference: UUID) -> Sequence[MovedRow]:
        """What was held is consumed."""
        return await self.uow.all(CONSUME, reference=reference)

    async def release(self, reference: UUID) -> Sequence[MovedRow]:
        """What was held is released."""
        return await self.uow.all(RELEASE, reference=reference)

    async def take_back(self, reference: UUID) -> Sequence[MovedRow]:
        """What was consumed is returned."""
        return await self.uow.all(RETURN, reference=reference)

    async def release_expired(self, limit: int) -> Sequence[MovedRow]:
        """What was held too long is released: whole references, found by their `limit` oldest parts."""
        return await self.uow.all(RELEASE_EXPIRED, now=clock.now(), limit=limit)


class AdjustmentRepository(Repository):
    """Changes of stock by hand."""

    def add(self, product_id: UUID, delta: int, stock_after: int, reason: str) -> None:
        """Keep an adjustment, by whoever the unit works for."""
        self.uow.before_commit(
            ADD_ADJUSTMENT,
            product_id=product_id,
            delta=delta,
            stock_after=stock_after,
            reason=reason,
            adjusted_by=self.uow.context.user_id,
        )
