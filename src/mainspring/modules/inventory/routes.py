"""Stock over REST, below its product."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from mainspring.core.http import PageOut, ReadUnit, Router, WriteUnit, problems
from mainspring.modules.catalog.errors import ProductNotFound, StockTooHigh, StockTooLow
from mainspring.modules.catalog.permissions import Editor, Reader
from mainspring.modules.catalog.schemas import ProductOut

from .schemas import AdjustmentOut, AdjustmentQuery, AdjustStock, StockOut
from .service import InventoryService

router = Router(prefix="/products/{id}/stock", tags=["inventory"])


@router.get("", responses=problems(ProductNotFound))
async def get_stock(id: UUID, reader: Reader, uow: ReadUnit) -> StockOut:
    """Read how many can be had and how many are set aside."""
    return StockOut.of(await InventoryService(uow).level(id))


@router.post("", responses=problems(ProductNotFound, StockTooLow, StockTooHigh))
async def adjust_stock(id: UUID, body: AdjustStock, editor: Editor, uow: WriteUnit) -> ProductOut:
    """Add to the stock or take from it, with a reason."""
    return ProductOut.of(await InventoryService(uow).adjust(id, body))


@router.get("/adjustments", responses=problems(ProductNotFound))
async def list_adjustments(
    id: UUID, query: Annotated[AdjustmentQuery, Query()], editor: Editor, uow: ReadUnit
) -> PageOut[AdjustmentOut]:
    """List what was changed by hand, the newest first."""
    return PageOut[AdjustmentOut].of(await InventoryService(uow).history(id, query))
