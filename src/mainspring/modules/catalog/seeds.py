"""Two hundred products to try things with, with prices and stock (R-224)."""

from collections.abc import Callable, Iterator

from mainspring.core.application import Application

from .schemas import CreateProduct, Price, ProductQuery
from .service import CatalogService

WHAT = "products"
KINDS = {
    "kitchen": ("Kettle", "Pan", "Knife", "Bowl"),
    "garden": ("Spade", "Rake", "Hose", "Bench"),
    "office": ("Desk", "Chair", "Lamp", "Shelf"),
    "music": ("Guitar", "Drum", "Flute", "Violin"),
    "sport": ("Ball", "Racket", "Rope", "Mat"),
}
STYLES = ("Oak", "Steel", "Copper", "Glass", "Linen", "Birch", "Slate", "Cork", "Brass", "Walnut")
PAGE = 100


async def seed(application: Application, progress: Callable[[int, int], None]) -> int:
    """Make the products that are not there yet; how many were made."""
    wishes = list(_products())
    present = {name for category in KINDS for name in await _names_in(application, category)}
    made = 0
    for number, wish in enumerate(wishes):
        if wish.name not in present:
            async with application.unit() as uow:
                await CatalogService(uow).create(wish)
            made += 1
        progress(number + 1, len(wishes))
    return made


def _products() -> Iterator[CreateProduct]:
    """The same two hundred each time; a few are out of stock."""
    number = 0
    for category, kinds in KINDS.items():
        for kind in kinds:
            for style in STYLES:
                number += 1
                yield CreateProduct(
                    name=f"{style} {kind.lower()}",
                    description=f"A {kind.lower()} of {style.lower()}, made for trying things out.",
                    category=category,
                    price=Price(amount=499 + number * 137 % 20_000, currency="EUR"),
                    stock=number * 7 % 50,
                )


async def _names_in(application: Application, category: str) -> set[str]:
    names: set[str] = set()
    page = 1
    while True:
        async with application.reading() as uow:
            found = await CatalogService(uow).list(ProductQuery(category=category, sort="name", page=page, limit=PAGE))
        names |= {product.name for product in found.rows}
        if len(found.rows) < PAGE:
            return names
        page += 1
