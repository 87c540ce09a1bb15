"""A bank that the tests can look into, and payments made through it."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from mainspring.adapters.local_bank import LocalGateway
from mainspring.core import ids
from mainspring.core.money import Money
from mainspring.modules.payments.rows import PaymentRow
from mainspring.modules.payments.service import Charging, PaymentService

PRICE = Money(1999, "EUR")

Pay = Callable[..., Awaitable[PaymentRow]]


@pytest.fixture
def bank(application) -> LocalGateway:
    """The bank itself, without the guard in front of it."""
    return application.resolve(LocalGateway)


@pytest.fixture
def pay(application) -> Pay:
    """Charges a card: `await pay("card_ok")`."""

    async def charge(method: str = "card_ok", *, key: str | None = None, owner_id: UUID | None = None) -> PaymentRow:
        return await Charging(application).charge(ids.new(), key or str(ids.new()), PRICE, method, owner_id)

    return charge


@pytest.fixture
def payment_of(application) -> Callable[[str], Awaitable[PaymentRow]]:
    """The payment of a key as it is now."""

    async def find(key: str) -> PaymentRow:
        async with application.reading() as uow:
            return await PaymentService(uow).of_key(key)

    return find


@pytest.fixture
def facts(monkeypatch):
    """What was published about payments, as `(name, payment id)`; of units that were rolled back too."""
    from mainspring.core.database import UnitOfWork
    from mainspring.modules.payments.events import PaymentFact

    published: list[tuple[str, UUID]] = []
    publish = UnitOfWork.publish

    def listen(self, event):
        if isinstance(event, PaymentFact):
            published.append((type(event).__name__, event.id))
        publish(self, event)

    monkeypatch.setattr(UnitOfWork, "publish", listen)
    return published
