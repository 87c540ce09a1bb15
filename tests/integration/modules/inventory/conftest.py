"""A shelf for the tests of inventory: products, and what is on it."""

from datetime import timedelta
from uuid import UUID

import pytest

from mainspring.core.application import Application
from mainspring.modules.catalog.rows import ProductRow
from mainspring.modules.catalog.schemas import CreateProduct, Price
from mainspring.modules.catalog.service import CatalogService
from mainspring.modules.inventory.rows import StockLevel
from mainspring.modules.inventory.service import InventoryService

A_WHILE = timedelta(minutes=15)


class Shelf:
    """Puts products into the shop and sets them aside, each call in a unit of its own."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def product(self, stock: int = 5, name: str = "Lamp") -> ProductRow:
        wish = CreateProduct(name=name, category="light", price=Price(amount=1999, currency="EUR"), stock=stock)
        async with self.application.unit() as uow:
            return await CatalogService(uow).create(wish)

    async def reserve(self, reference: UUID, *items: tuple[ProductRow, int], ttl: timedelta = A_WHILE):
        async with self.application.unit() as uow:
            wanted = [(product.id, quantity) for product, quantity in items]
            return await InventoryService(uow).reserve(reference, wanted, ttl)

    async def does(self, deed: str, *arguments: UUID):
        async with self.application.unit() as uow:
            return await getattr(InventoryService(uow), deed)(*arguments)

    async def level(self, product: ProductRow) -> tuple[int, int]:
        """How many are free, and how many are set aside."""
        async with self.application.reading() as uow:
            found: StockLevel = await InventoryService(uow).level(product.id)
        return found.available, found.reserved


@pytest.fixture
def shelf(application: Application) -> Shelf:
    return Shelf(application)
