"""The questions to the products table."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from mainspring.core import clock
from mainspring.core.database import Listing, Page, Repository, Slice, Statement, any_of, bind, insert_into, update_of

from .models import NOT_DELETED, Product
from .rows import ProductRow
from .schemas import MAX_STOCK, ProductQuery

Facts = dict[str, Any]  # the columns that a client sets, by name

COLUMNS = (
    Product.id,
    Product.name,
    Product.description,
    Product.category,
    Product.price_amount,
    Product.price_currency,
    Product.stock,
    Product.version,
    Product.created_at,
    Product.updated_at,
)

PRODUCT = Statement(select(*COLUMNS).where(Product.id == bind("id", Product.id), NOT_DELETED), ProductRow)

SEVERAL = Statement(select(*COLUMNS).where(any_of(Product.id, "ids"), NOT_DELETED), ProductRow)

PRODUCTS = Listing(
    select(*COLUMNS).where(NOT_DELETED),
    ProductRow,
    filters={
        "category": Product.category == bind("category", Product.category),
        "min_price": Product.price_amount >= bind("min_price", Product.price_amount),
        "max_price": Product.price_amount <= bind("max_price", Product.price_amount),
    },
    sorts={"createdAt": Product.created_at, "name": Product.name, "price": Product.price_amount},
    default="-createdAt",
    key=Product.id,
)

ADD = Statement(
    insert_into(Product, "name", "description", "category", "price_amount", "price_currency", "stock").returning(*COLUMNS),
    ProductRow,
)

CHANGE = Statement(
    update_of(Product)
    .where(Product.id == bind("id", Product.id), Product.version == bind("seen_version", Product.version), NOT_DELETED)
    .values(
        name=bind("name", Product.name),
        description=bind("description", Product.description),
        category=bind("category", Product.category),
        price_amount=bind("price_amount", Product.price_amount),
        price_currency=bind("price_currency", Product.price_currency),
    )
    .returning(*COLUMNS),
    ProductRow,
)

MARK_DELETED: Statement[None] = Statement(
    update_of(Product)
    .where(Product.id == bind("id", Product.id), Product.version == bind("seen_version", Product.version), NOT_DELETED)
    .values(deleted_at=bind("deleted_at", Product.deleted_at))
)

ADD_STOCK = Statement(
    update_of(Product)
    .where(
        Product.id == bind("id", Product.id),
        NOT_DELETED,
        Product.stock + bind("delta", Product.stock) >= 0,
        Product.stock + bind("delta", Product.stock) <= MAX_STOCK,
    )
    .values(stock=Product.stock + bind("delta", Product.stock))
    .returning(*COLUMNS),
    ProductRow,
)

TAKE_STOCK: Statement[None] = Statement(
    update_of(Product)
    .where(
        Product.id == bind("id", Product.id),
        NOT_DELETED,
        bind("quantity", Product.stock) > 0,
        Product.stock >= bind("quantity", Product.stock),
    )
    .values(stock=Product.stock - bind("quantity", Product.stock))
)

RETURN_STOCK: Statement[None] = Statement(
    update_of(Product)
    .where(Product.id == bind("id", Product.id), bind("quantity", Product.stock) > 0)
    .values(stock=Product.stock + bind("quantity", Product.stock))
)


class ProductRepository(Repository):
    """Products that are not deleted."""

    async def of_id(self, id: UUID) -> ProductRow | None:
        """One product."""
        return await self.uow.one(PRODUCT, id=id)

    async def several(self, ids: Sequence[UUID]) -> Sequence[ProductRow]:
        """Those of the products that are there."""
        return await self.uow.all(SEVERAL, ids=[*ids])

    async def list(self, query: ProductQuery) -> Page[ProductRow] | Slice[ProductRow]:
        """The page or slice that the query asks for."""
        return await query.fetch(self.uow, PRODUCTS)

    async def add(self, facts: Facts, stock: int) -> ProductRow:
        """A new product."""
        return await self.uow.only(ADD, **facts, stock=stock)

    async def change(self, id: UUID, seen_version: int, facts: Facts) -> ProductRow | None:
        """The product with new facts; None when `seen_version` is no longer the current one."""
        return await self.uow.one(CHANGE, id=id, seen_version=seen_version, **facts)

    async def mark_deleted(self, id: UUID, seen_version: int) -> bool:
        """Hide the product; False when `seen_version` is no longer the current one."""
        return await self.uow.run(MARK_DELETED, id=id, seen_version=seen_version, deleted_at=clock.now()) == 1

    async def add_stock(self, id: UUID, delta: int) -> ProductRow | None:
        """The product with `delta` added to its stock; None when it is absent or the stock would leave its range."""
        return await self.uow.one(ADD_STOCK, id=id, delta=delta)

    async def take_stock(self, id: UUID, quantity: int) -> bool:
        """Take `quantity` out of the stock; False when the product is absent or has less."""
        return await self.uow.run(TAKE_STOCK, id=id, quantity=quantity) == 1

    async def return_stock(self, id: UUID, quantity: int) -> bool:
        """Put `quantity` back into the stock, also of a deleted product; False when there never was one."""
        return await self.uow.run(RETURN_STOCK, id=id, quantity=quantity) == 1
