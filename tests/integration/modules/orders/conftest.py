"""A shop for the tests of orders: products, and orders in every state."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest

from mainspring.adapters.local_bank import LocalGateway
from mainspring.core import clock, ids
from mainspring.core.application import Application
from mainspring.core.errors import Unavailable
from mainspring.modules.catalog.rows import ProductRow
from mainspring.modules.catalog.schemas import CreateProduct, Price
from mainspring.modules.catalog.service import CatalogService
from mainspring.modules.orders.rows import OrderRow
from mainspring.modules.orders.service import OrderedLine, OrderService, PlacingService
from mainspring.modules.payments.ports import Charge, PaymentGateway
from mainspring.testing.client import AppClient, SignedIn


class Shop:
    """Makes products and orders without asking the API."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def product(self, price: int = 1999, stock: int = 5, name: str = "Lamp", currency: str = "EUR") -> ProductRow:
        wish = CreateProduct(name=name, category="light", price=Price(amount=price, currency=currency), stock=stock)
        async with self.application.unit() as uow:
            return await CatalogService(uow).create(wish)

    async def order(self, buyer_id: UUID, *wanted: tuple[ProductRow, int], **options: Any) -> OrderRow:
        """A pending order, without stock or payment."""
        lines = [OrderedLine(product.id, quantity) for product, quantity in wanted or [(await self.product(), 1)]]
        options.setdefault("expires_at", clock.after(timedelta(minutes=15)))
        async with self.application.unit() as uow:
            return await PlacingService(uow).create(ids.new(), buyer_id, lines, **options)

    async def paid_order(self, buyer_id: UUID, total: int = 1000) -> OrderRow:
        """A paid order of this total, without stock or payment."""
        order = await self.order(buyer_id, (await self.product(price=total), 1))
        async with self.application.unit() as uow:
            return await PlacingService(uow).pay(order.id)

    async def stock(self, product: ProductRow) -> int:
        """What is left of a product."""
        async with self.application.reading() as uow:
            return (await CatalogService(uow).get(product.id)).stock

    async def state(self, id: UUID | str) -> str:
        """Where an order stands; with its reason when it failed."""
        async with self.application.reading() as uow:
            order = await OrderService(uow).get(UUID(str(id)))
        return order.state if order.reason is None else f"{order.state}: {order.reason}"

    async def charge(self, id: UUID | str) -> tuple[str, int] | None:
        """The state of an order's charge in the books of the bank, and what was paid back of it; None when there is none."""
        found = await self.application.resolve(LocalGateway).find(f"order:{id}")
        return found and (found.state.value, found.refunded)


class Buyer:
    """Somebody who buys."""

    def __init__(self, app: AppClient, user: SignedIn) -> None:
        self.client = app.as_(user)

    async def buy(self, *wanted: tuple[ProductRow, int], card: str | None = None, key: str | None = None) -> httpx2.Response:
        """The answer to a POST of an order."""
        body = {"items": [{"productId": str(product.id), "quantity": quantity} for product, quantity in wanted]}
        return await self.client.post(
            "/api/v1/orders",
            json=body if card is None else body | {"paymentMethod": card},
            headers={} if key is None else {"Idempotency-Key": key},
        )

    async def cancel(self, id: UUID | str) -> httpx2.Response:
        """The answer to a cancellation."""
        return await self.client.post(f"/api/v1/orders/{id}/cancellation")

    async def refund(self, id: UUID | str, amount: int | None = None, key: str | None = None) -> httpx2.Response:
        """The answer to a refund."""
        body = {"reason": "Scratched"} if amount is None else {"amount": amount, "reason": "Scratched"}
        headers = {} if key is None else {"Idempotency-Key": key}
        return await self.client.post(f"/api/v1/orders/{id}/refunds", json=body, headers=headers)

    async def orders(self) -> list[dict[str, Any]]:
        """The buyer's orders, the newest first."""
        return (await self.client.get("/api/v1/orders")).json()["data"]


class SlowBank:
    """The local bank, which takes the money and then keeps its answer back until it is let go; with `is_away` there is none."""

    name = "local"

    def __init__(self, bank: LocalGateway) -> None:
        self.bank = bank
        self.asked, self.let_go = asyncio.Event(), asyncio.Event()
        self.is_away = False

    async def charge(self, *asked: Any) -> Charge:
        if self.is_away:
            raise Unavailable()
        charge = await self.bank.charge(*asked)
        self.asked.set()
        await self.let_go.wait()
        return charge

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bank, name)


@pytest.fixture
def buyer(app: AppClient, ada: SignedIn) -> Buyer:
    return Buyer(app, ada)


@pytest.fixture
def clerk(app: AppClient, admin: SignedIn) -> Buyer:
    """Somebody who may cancel and refund what others bought."""
    return Buyer(app, admin)


@pytest.fixture
def slow_bank(application: Application) -> SlowBank:
    application.resolve(PaymentGateway)
    bank = SlowBank(application.resolve(LocalGateway))
    application.ports.singleton(PaymentGateway, lambda: bank)
    return bank


@pytest.fixture
def shop(application: Application) -> Shop:
    return Shop(application)
