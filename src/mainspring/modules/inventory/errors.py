"""Situations of inventory."""

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from mainspring.core.errors import Conflict


class OutOfStock(Conflict):
    """There is not enough of one product or more; `details` names them all, and nothing is reserved."""

    code: ClassVar[str] = "inventory.out_of_stock"
    message: ClassVar[str] = "There is not enough stock for this."

    def __init__(self, product_ids: Sequence[UUID]) -> None:
        super().__init__(details={"productIds": [str(id) for id in product_ids]})
        self.product_ids = tuple(product_ids)


class ReferenceTaken(Conflict):
    """The reference has a reservation already, and it is another one, or it has ended."""

    code: ClassVar[str] = "inventory.reference_taken"
    message: ClassVar[str] = "This reference was reserved for before."


class ReservationEnded(Conflict):
    """The reservation was released, or there never was one, so its stock may be somebody else's by now."""

    code: ClassVar[str] = "inventory.reservation_ended"
    message: ClassVar[str] = "The reservation has ended."
