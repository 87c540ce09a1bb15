"""A manager and clients for the tests of the provider."""

import pytest

from mainspring.testing.client import AppClient, SignedIn

from .browser import Client, made


@pytest.fixture
async def manager(app: AppClient) -> SignedIn:
    user = await app.sign_up()
    await app.give_role(user, "admin")
    return user


@pytest.fixture
async def client(app: AppClient, manager: SignedIn) -> Client:
    return await made(app, manager)


@pytest.fixture
async def phone(app: AppClient, manager: SignedIn) -> Client:
    """A public client."""
    return await made(app, manager, kind="public")
