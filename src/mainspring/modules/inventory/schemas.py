"""Bodies and answers of inventory."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, field_validator
from pydantic_core import PydanticCustomError

from mainspring.core.http import ListQuery, Out, Schema, whole
from mainspring.modules.catalog.schemas import MAX_STOCK


class AdjustStock(Schema):
    """`delta` is added to the stock; it may be negative."""

    delta: Annotated[int, Field(ge=-MAX_STOCK, le=MAX_STOCK, strict=True, json_schema_extra={"not": {"const": 0}}), whole]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]

    @field_validator("delta")
    @classmethod
    def change_something(cls, delta: int) -> int:
        """An adjustment by nothing would leave a record of a change that was none."""
        if delta == 0:
            raise PydanticCustomError("zero", "Delta must not be 0")
        return delta


class AdjustmentQuery(ListQuery):
    """Which adjustments, in which order."""

    sort: Literal["createdAt", "-createdAt"] | None = None


class StockOut(Out):
    """How many of a product can be had, and how many are set aside for orders under way."""

    product_id: UUID
    available: int
    reserved: int


class AdjustmentOut(Out):
    """A change of a stock by hand: by how much, to what, why, by whom (nobody: the program itself) and when."""

    id: UUID
    product_id: UUID
    delta: int
    stock_after: int
    reason: str
    adjusted_by: UUID | None
    created_at: datetime
