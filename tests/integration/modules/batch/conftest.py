"""What the tests of batches look at: money, stock, and what a batch is asked."""

from typing import Any
from uuid import UUID

import httpx2
import pytest

from mainspring.core.application import Application
from mainspring.modules.credits.service import CreditService
from mainspring.testing.client import AppClient, SignedIn
from tests.integration.modules.conftest import People

PRODUCT = {
    "name": "Clock",
    "price": {"amount": 1999, "currency": "EUR"},
    "description": "Ticks.",
    "category": "clocks",
    "stock": 5,
}


def operation(id: str, method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
    return {"id": id, "method": method, "path": f"/api/v1{path}", **({} if body is None else {"body": body}), **more}


class Shop:
    """Sends batches, and looks at money and stock without them."""

    def __init__(self, app: AppClient, keeper: SignedIn) -> None:
        self.app, self.keeper = app, keeper

    async def batch(self, *operations: Any, by: SignedIn | None = None, **options: Any) -> httpx2.Response:
        return await self.app.as_(by or self.keeper).post("/api/v1/batch", json={"operations": operations}, **options)

    async def product(self, stock: int = 5) -> str:
        answer = await self.app.as_(self.keeper).post("/api/v1/products", json={**PRODUCT, "stock": stock})
        return str(answer.json()["id"])

    async def products(self) -> int:
        return int((await self.app.as_(self.keeper).get("/api/v1/products")).json()["pagination"]["total"])

    async def stock(self, product: str) -> int:
        return int((await self.app.as_(self.keeper).get(f"/api/v1/products/{product}")).json()["stock"])

    async def gives(self, user: SignedIn, amount: int) -> None:
        async with self.app.application.unit() as uow:
            await CreditService(uow).deposit(user.id, amount)

    async def holds(self, *users: SignedIn) -> list[int]:
        async with self.app.application.reading() as uow:
            return [await CreditService(uow).balance(UUID(str(user.id))) for user in users]


@pytest.fixture
async def shop(app: AppClient, people: People, application: Application) -> Shop:
    return Shop(app, await people.with_role("admin"))
