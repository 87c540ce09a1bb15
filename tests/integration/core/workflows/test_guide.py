"""The code of docs/guides/sagas.md runs as it stands there."""

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any
from uuid import UUID

import httpx2
import pytest

from mainspring.core import ids
from mainspring.core.errors import Conflict
from mainspring.core.http import Out, Router, Saga, Schema, problems
from mainspring.core.http.app import HttpApp
from mainspring.core.security.guard import require
from mainspring.core.security.principal import Principal
from tests.integration.http.widgets import ADA, Callers, permission

GUIDE = Path(__file__).parents[4] / "docs" / "guides" / "sagas.md"
BLOCKS = re.findall(r"^```python\n(.+?)^```$", GUIDE.read_text(), re.M | re.S)
MODULE = "rental.workflows.renting"


class BikeTaken(Conflict):
    code, message = "rental.taken", "Somebody has this bike."


class Rent(Schema):
    bike_id: UUID
    cents: int


class RentOut(Out):
    id: UUID


@dataclass
class Bank:
    """Remembers what it did."""

    charges: dict[str, str] = field(default_factory=dict)
    refunds: list[str] = field(default_factory=list)
    refuses: bool = False

    async def charge(self, key: str, cents: int) -> str:
        if self.refuses:
            raise BikeTaken()
        return self.charges.setdefault(key, f"charge of {cents}")

    async def find(self, key: str) -> str | None:
        return self.charges.get(key)

    async def refund(self, key: str, charge_id: str) -> None:
        self.refunds.append(charge_id)


RIDER = Annotated[Principal, require(permission("widgets:make", "Make widgets"))]
BIKES: dict[UUID, str] = {}


class BikeService:
    def __init__(self, uow: Any) -> None:
        self.uow = uow

    async def reserve(self, bike_id: UUID, rider_id: UUID) -> None:
        if bike_id in BIKES:
            raise BikeTaken()
        self.uow.after_commit(lambda: BIKES.update({bike_id: "reserved"}))

    async def release(self, bike_id: UUID) -> None:
        self.uow.after_commit(lambda: BIKES.pop(bike_id))

    async def confirm(self, wish: Any, charge_id: str) -> UUID:
        self.uow.after_commit(lambda: BIKES.update({wish.bike_id: charge_id}))
        return ids.new()


@pytest.fixture(scope="module")
def guide() -> Any:
    """The guide as a module, between what it takes for granted."""
    module = ModuleType(MODULE)
    given = {"BikeService": BikeService, "Bank": Bank, "BikeTaken": BikeTaken, "Rent": Rent, "RentOut": RentOut, "Saga": Saga}
    vars(module).update(given, Rider=RIDER, problems=problems, router=Router(prefix="/rents", tags=["rents"]))
    sys.modules[MODULE] = module
    for block in BLOCKS:
        exec(compile(block, str(GUIDE), "exec"), vars(module))
    yield module
    del sys.modules[MODULE]


@pytest.fixture
def bank(application: Any) -> Bank:
    bank = Bank()
    application.ports.singleton(Bank, lambda: bank)
    return bank


async def test_the_workflow_of_the_guide_rents_a_bike(application, guide, bank):
    application.__dict__["authenticator"] = Callers()
    transport = httpx2.ASGITransport(HttpApp(application, [guide.router]), raise_app_exceptions=False)
    wish = {"bikeId": str(ids.new()), "cents": 250}

    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        first = await client.post("/api/v1/rents", headers=ADA | {"Idempotency-Key": "k"}, json=wish)
        again = await client.post("/api/v1/rents", headers=ADA | {"Idempotency-Key": "k"}, json=wish)
        other = await client.post("/api/v1/rents", headers=ADA, json=wish)

    assert (first.status_code, again.content, other.status_code) == (201, first.content, 409)
    assert BIKES[UUID(wish["bikeId"])] == "charge of 250"
    assert len(bank.charges) == 1
    assert guide.rent_bike.name == "rental.rent_bike"


async def test_a_declined_card_gives_the_bike_back(workflows, guide, bank):
    bank.refuses = True
    wish = guide.RentBike(ids.new(), ids.new(), 250)

    with pytest.raises(BikeTaken):
        await workflows.run(wish)

    assert wish.bike_id not in BIKES
    assert bank.refunds == []
