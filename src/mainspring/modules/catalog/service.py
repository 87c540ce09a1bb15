"""The rules of the catalog."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from mainspring.core.database import Page, Slice, UnitOfWork
from mainspring.core.errors import Conflict, PreconditionFailed

from .errors import ProductNotFound, StockTooHigh, StockTooLow
from .events import ProductCreated, ProductDeleted, ProductUpdated
from .repository import ProductRepository
from .rows import ProductRow
from .schemas import CreateProduct, ProductQuery, UpdateProduct

ATTEMPTS = 3


class CatalogService:
    """Products: read, create, change, delete, and their stock."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.products = ProductRepository(uow)

    async def get(self, id: UUID) -> ProductRow:
        """One product. Raises ProductNotFound."""
        product = await self.products.of_id(id)
        if product is None:
            raise ProductNotFound(id)
        return product

    async def several(self, ids: Sequence[UUID]) -> dict[UUID, ProductRow]:
        """Those of the products that are there, by id."""
        return {product.id: product for product in await self.products.several(ids)}

    async def list(self, query: ProductQuery) -> Page[ProductRow] | Slice[ProductRow]:
        """The products that the query asks for."""
        return await self.products.list(query)

    async def create(self, wish: CreateProduct) -> ProductRow:
        """Add a product."""
        product = await self.products.add(_wishes(wish), wish.stock)
        self.uow.publish(ProductCreated(id=product.id, changed=_facts(product) | {"stock": product.stock}))
        return product

    async def update(self, id: UUID, wish: UpdateProduct, version: int | None = None) -> ProductRow:
        """Change what the wish names. With `version`, only that version of the product.

        Raises ProductNotFound, PreconditionFailed for another version, Conflict when others keep changing it.
        """
        for _ in range(ATTEMPTS):
            before = await self.get(id)
            if version is not None and version != before.version:
                raise PreconditionFailed()
            wanted = _facts(before) | _wishes(wish)
            if wanted == _facts(before):
                return before
            after = await self.products.change(id, before.version, wanted)
            if after is not None:
                changed = {name: [old, wanted[name]] for name, old in _facts(before).items() if wanted[name] != old}
                self.uow.publish(ProductUpdated(id=id, changed=changed))
                return after
        raise Conflict()

    async def delete(self, id: UUID, version: int | None = None) -> None:
        """Take the product out of every list. Raises ProductNotFound, PreconditionFailed for another version."""
        product = await self.get(id)
        if version is not None and version != product.version:
            raise PreconditionFailed()
        if not await self.products.mark_deleted(id, product.version):
            raise PreconditionFailed() if version is not None else Conflict()
        self.uow.publish(ProductDeleted(id=id, changed=_facts(product)))

    async def add_stock(self, id: UUID, delta: int) -> ProductRow:
        """Add to the stock, or take from it. Whoever calls it says why: see inventory.

        Raises ProductNotFound, StockTooLow, StockTooHigh.
        """
        product = await self.products.add_stock(id, delta)
        if product is None:
            await self.get(id)
            raise StockTooLow() if delta < 0 else StockTooHigh()
        return product

    async def take_stock(self, id: UUID, quantity: int) -> bool:
        """Take `quantity` above zero out of the stock; False when there is no such product or not enough of it."""
        return await self.products.take_stock(id, quantity)

    async def return_stock(self, id: UUID, quantity: int) -> None:
        """Put back what `take_stock` took, also when the product was deleted meanwhile. Raises ProductNotFound."""
        if not await self.products.return_stock(id, quantity):
            raise ProductNotFound(id)


def _facts(product: ProductRow) -> dict[str, Any]:
    return {
        "name": product.name,
        "description": product.description,
        "category": product.category,
        "price_amount": product.price_amount,
        "price_currency": product.price_currency,
    }


def _wishes(wish: CreateProduct | UpdateProduct) -> dict[str, Any]:
    wishes = {name: value for name in ("name", "description", "category") if (value := getattr(wish, name)) is not None}
    if wish.price is not None:
        wishes |= {"price_amount": wish.price.amount, "price_currency": wish.price.currency}
    return wishes
