"""What the repository returns."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mainspring.core.money import Money


@dataclass(frozen=True, slots=True)
class ProductRow:
    """One product; `price_amount` in minor units of `price_currency`."""

    id: UUID
    name: str
    description: str
    category: str
    price_amount: int
    price_currency: str
    stock: int
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def price(self) -> Money:
        """The price."""
        return Money(self.price_amount, self.price_currency)
