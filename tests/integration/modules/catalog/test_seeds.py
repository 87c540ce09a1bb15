"""The demo shop (R-224)."""

from mainspring.modules.catalog.schemas import ProductQuery
from mainspring.modules.catalog.seeds import seed
from mainspring.modules.catalog.service import CatalogService


async def test_two_hundred_products_are_made_once(application):
    assert await seed(application, lambda done, total: None) == 200
    assert await seed(application, lambda done, total: None) == 0

    async with application.reading() as uow:
        page = await CatalogService(uow).list(ProductQuery(limit=100))
    assert page.total == 200
    assert all(product.price_amount > 0 for product in page.rows)
    assert {product.stock > 0 for product in page.rows} == {True, False}
