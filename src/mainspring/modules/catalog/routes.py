"""Products over REST."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from mainspring.core.http import IfMatch, PageOut, ReadUnit, Router, WriteUnit, cache_control, problems

from .errors import ProductNotFound
from .permissions import Creator, Deleter, Editor, Reader
from .schemas import CreateProduct, ProductOut, ProductQuery, UpdateProduct
from .service import CatalogService

router = Router(prefix="/products", tags=["products"])


@router.get("")
async def list_products(query: Annotated[ProductQuery, Query()], reader: Reader, uow: ReadUnit) -> PageOut[ProductOut]:
    """List products by page or by cursor, with filters."""
    return PageOut[ProductOut].of(await CatalogService(uow).list(query))


@router.post("", status_code=201)
async def create_product(body: CreateProduct, creator: Creator, uow: WriteUnit) -> ProductOut:
    """Add a product."""
    return ProductOut.of(await CatalogService(uow).create(body))


@router.get("/{id}", dependencies=[cache_control()], responses=problems(ProductNotFound))
async def get_product(id: UUID, reader: Reader, uow: ReadUnit) -> ProductOut:
    """Read one product."""
    return ProductOut.of(await CatalogService(uow).get(id))


@router.patch("/{id}", responses=problems(ProductNotFound))
async def update_product(id: UUID, body: UpdateProduct, expected: IfMatch, editor: Editor, uow: WriteUnit) -> ProductOut:
    """Change a product."""
    return ProductOut.of(await CatalogService(uow).update(id, body, expected))


@router.delete("/{id}", status_code=204, responses=problems(ProductNotFound))
async def delete_product(id: UUID, expected: IfMatch, deleter: Deleter, uow: WriteUnit) -> None:
    """Delete a product."""
    await CatalogService(uow).delete(id, expected)
