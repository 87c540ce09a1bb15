"""Bodies and answers of the catalog."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from mainspring.core.http import ListQuery, Out, Schema, whole
from mainspring.core.money import MAX_AMOUNT

MAX_STOCK = 1_000_000_000  # by hand; the column holds twice as much, so what was set aside can always return

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Category = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Description = Annotated[str, StringConstraints(max_length=10_000)]


class ProductQuery(ListQuery):
    """Which products, in which order."""

    category: Category | None = None
    min_price: int | None = Field(default=None, ge=0, le=MAX_AMOUNT, description="Least price in minor units.")
    max_price: int | None = Field(default=None, ge=0, le=MAX_AMOUNT, description="Highest price in minor units.")
    sort: Literal["createdAt", "-createdAt", "name", "-name", "price", "-price"] | None = None


class Price(Schema):
    """Minor units (cents) and an ISO 4217 currency."""

    amount: Annotated[int, Field(ge=0, le=MAX_AMOUNT, strict=True), whole]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class CreateProduct(Schema):
    """A new product."""

    name: Name
    description: Description = ""
    category: Category
    price: Price
    stock: Annotated[int, Field(ge=0, le=MAX_STOCK, strict=True), whole] = 0


class UpdateProduct(Schema):
    """What should change; what is absent stays. Stock changes by adjustment only."""

    name: Name | None = None
    description: Description | None = None
    category: Category | None = None
    price: Price | None = None


class PriceOut(Out):
    """Minor units (cents) and an ISO 4217 currency."""

    amount: int
    currency: str


class ProductOut(Out):
    """A product."""

    id: UUID
    name: str
    description: str
    category: str
    price: PriceOut
    stock: int
    version: int
    created_at: datetime
    updated_at: datetime
