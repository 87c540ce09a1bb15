"""The rules of inventory (R-282)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from mainspring.core import clock, ids
from mainspring.core.database import Page, Slice, UnitOfWork
from mainspring.modules.catalog.errors import ProductNotFound
from mainspring.modules.catalog.rows import ProductRow
from mainspring.modules.catalog.service import CatalogService

from .errors import OutOfStock, ReferenceTaken, ReservationEnded
from .events import StockAdjusted
from .repository import ADJUSTMENTS, AdjustmentRepository, ReservationRepository
from .rows import AdjustmentRow, MovedRow, ReservationRow, ReservationState, StockLevel
from .schemas import AdjustmentQuery, AdjustStock

AT_ONCE = 200
STANDING = (ReservationState.HELD, ReservationState.CONSUMED)


class InventoryService:
    """Changes stock by hand, and sets it aside for a reference (an order) until that is paid or given up.

    Stock that is set aside has left the product's stock already, so nobody else can have it. Every change first moves the state
    of the reservation, which only one can do, and then the stock.
    """

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.catalog = CatalogService(uow)
        self.reservations = ReservationRepository(uow)
        self.adjustments = AdjustmentRepository(uow)

    async def reserve(self, reference: UUID, items: Iterable[tuple[UUID, int]], ttl: timedelta) -> datetime:
        """Set quantities of products aside for `ttl`, all or nothing; the moment until which they are.

        A second call with the same reference and items changes nothing. Raises OutOfStock, ProductNotFound, and ReferenceTaken
        for a reference that was used for other items or has ended. What it wrote before it raised must not be committed.
        """
        quantities = _added_up(items)
        parts = {product_id: ids.new() for product_id in quantities}
        await self.reservations.add(reference, parts, quantities, clock.after(ttl))
        found = await self.reservations.of_reference(reference)
        if {row.id for row in found} == set(parts.values()):
            await self._take(quantities)
        elif not _is_repeated(found, parts, quantities):
            raise ReferenceTaken()
        return found[0].expires_at

    async def consume(self, reference: UUID) -> None:
        """What is set aside leaves for good, also when its time is over but nobody released it yet.

        A second call changes nothing. Raises ReservationEnded when it was released before.
        """
        if await self.reservations.consume(reference):
            return
        found = await self.reservations.of_reference(reference)
        if not found or any(row.state != ReservationState.CONSUMED for row in found):
            raise ReservationEnded()

    async def release(self, reference: UUID) -> bool:
        """What is set aside returns to the stock; False when there was nothing left to release."""
        return await self._give_back(await self.reservations.release(reference)) > 0

    async def put_back(self, reference: UUID) -> bool:
        """What a consumed reservation took returns to the stock, once; False when it was not consumed or is back already."""
        return await self._give_back(await self.reservations.take_back(reference)) > 0

    async def release_expired(self, limit: int = AT_ONCE) -> int:
        """Release what was set aside for too long, at most about `limit` parts of reservations; how many there were."""
        return await self._give_back(await self.reservations.release_expired(limit))

    async def adjust(self, product_id: UUID, wish: AdjustStock) -> ProductRow:
        """Add to the stock or take from it, and keep why and by whom. Raises ProductNotFound, StockTooLow, StockTooHigh."""
        product = await self.catalog.add_stock(product_id, wish.delta)
        self.adjustments.add(product_id, wish.delta, product.stock, wish.reason)
        changed = {"stock": [product.stock - wish.delta, product.stock], "reason": wish.reason}
        self.uow.publish(StockAdjusted(id=product_id, changed=changed))
        return product

    async def level(self, product_id: UUID) -> StockLevel:
        """How many of a product are free and how many are set aside. Raises ProductNotFound."""
        product = await self.catalog.get(product_id)
        return StockLevel(product_id, product.stock, await self.reservations.reserved(product_id))

    async def history(self, product_id: UUID, query: AdjustmentQuery) -> Page[AdjustmentRow] | Slice[AdjustmentRow]:
        """The adjustments of a product's stock. Raises ProductNotFound."""
        await self.catalog.get(product_id)
        return await query.fetch(self.uow, ADJUSTMENTS, product_id=product_id)

    async def _take(self, quantities: dict[UUID, int]) -> None:
        wanted = sorted(quantities)  # in id order, or two orders of the same products deadlock
        for position, product_id in enumerate(wanted):
            if not await self.catalog.take_stock(product_id, quantities[product_id]):
                await self._refuse(product_id, wanted[position + 1 :], quantities)

    async def _refuse(self, short: UUID, not_tried: Sequence[UUID], quantities: dict[UUID, int]) -> None:
        """Name every product that is short, not only the first."""
        there = await self.catalog.several([short, *not_tried])
        for product_id in (short, *not_tried):
            if product_id not in there:
                raise ProductNotFound(product_id)
        raise OutOfStock([short, *(id for id in not_tried if there[id].stock < quantities[id])])

    async def _give_back(self, moved: Sequence[MovedRow]) -> int:
        totals: Counter[UUID] = Counter()
        for part in moved:
            totals[part.product_id] += part.quantity
        for product_id in sorted(totals):  # in id order, see _take
            await self.catalog.return_stock(product_id, totals[product_id])
        return len(moved)


def _added_up(items: Iterable[tuple[UUID, int]]) -> dict[UUID, int]:
    """One quantity per product. Raises ValueError for nothing, or for a quantity that is not above zero."""
    quantities: Counter[UUID] = Counter()
    for product_id, quantity in items:
        if quantity <= 0:
            raise ValueError(f"{quantity} of product {product_id} cannot be reserved")
        quantities[product_id] += quantity
    if not quantities:
        raise ValueError("a reservation needs at least one product")
    return dict(quantities)


def _is_repeated(found: Sequence[ReservationRow], parts: dict[UUID, UUID], quantities: dict[UUID, int]) -> bool:
    """Whether an earlier call reserved exactly this, and it still stands."""
    stands = all(row.state in STANDING and row.id != parts.get(row.product_id) for row in found)
    return stands and {row.product_id: row.quantity for row in found} == quantities
