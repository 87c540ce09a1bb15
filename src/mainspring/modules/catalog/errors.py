"""Situations of the catalog."""

from typing import ClassVar
from uuid import UUID

from mainspring.core.errors import Conflict, NotFound


class ProductNotFound(NotFound):
    """No such product, or it was deleted."""

    code: ClassVar[str] = "catalog.not_found"

    def __init__(self, id: UUID) -> None:
        super().__init__(f"Product {id} was not found")


class StockTooLow(Conflict):
    """The stock does not cover what should leave it."""

    code: ClassVar[str] = "catalog.stock_too_low"
    message: ClassVar[str] = "There is not enough stock for this."


class StockTooHigh(Conflict):
    """The stock would grow past what can be counted."""

    code: ClassVar[str] = "catalog.stock_too_high"
    message: ClassVar[str] = "The stock cannot be that high."
