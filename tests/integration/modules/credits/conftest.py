"""A bank for the tests of credits."""

from typing import Any
from uuid import UUID

import pytest

from mainspring.core.application import Application
from mainspring.modules.credits.rows import Violation
from mainspring.modules.credits.service import CreditService, LedgerService
from mainspring.testing.client import SignedIn


class Bank:
    """Gives credits to users and looks into their accounts, without asking the API."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def gives(self, user: SignedIn, amount: int) -> UUID:
        async with self.application.unit() as uow:
            return (await CreditService(uow).deposit(user.id, amount)).id

    async def transfers(self, sender: SignedIn, receiver: SignedIn, amount: int) -> Any:
        async with self.application.unit() as uow:
            return await CreditService(uow).transfer(sender.id, receiver.id, amount)

    async def holds(self, *users: SignedIn) -> list[int]:
        async with self.application.reading() as uow:
            return [await CreditService(uow).balance(user.id) for user in users]

    async def violations(self, at_once: int = 2000) -> list[Violation]:
        return [each async for each in LedgerService(self.application.reading, at_once).violations()]


@pytest.fixture
def bank(application: Application) -> Bank:
    return Bank(application)
