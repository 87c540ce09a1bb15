"""People for the tests of modules."""

from datetime import timedelta
from typing import Any

import pytest

from mainspring.modules.access.service import AssignmentService, GrantService
from mainspring.testing.client import AppClient, SignedIn

pytestmark = pytest.mark.anyio


class People:
    """Makes users who hold what a test needs."""

    def __init__(self, app: AppClient) -> None:
        self.app = app

    async def with_role(self, role: str, **options: Any) -> SignedIn:
        """A signed-in user who holds a role."""
        user = await self.app.sign_up(**options)
        async with self.app.application.unit() as uow:
            await AssignmentService(uow).assign(None, user.id, role)
        return user

    async def with_grant(self, *permissions: str, lasting: timedelta | None = None, **options: Any) -> SignedIn:
        """A signed-in user who was given permissions."""
        user = await self.app.sign_up(**options)
        async with self.app.application.unit() as uow:
            for permission in permissions:
                await GrantService(uow).grant(None, user.id, permission, lasting=lasting)
        return user


@pytest.fixture
def people(app: AppClient) -> People:
    return People(app)


@pytest.fixture
async def ada(app: AppClient) -> SignedIn:
    return await app.sign_up("ada@example.com", name="Ada Lovelace")


@pytest.fixture
async def bob(app: AppClient) -> SignedIn:
    return await app.sign_up("bob@example.com", name="Bob Noyce")


@pytest.fixture
async def admin(people: People) -> SignedIn:
    return await people.with_role("admin", email="admin@example.com", name="Grace Hopper")
