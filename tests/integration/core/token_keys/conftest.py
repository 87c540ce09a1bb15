"""Keys that the program keeps itself, and a second machine on the same database."""

from contextlib import asynccontextmanager

import pytest

from mainspring.core.application import create_application
from mainspring.core.token_keys.keeper import TokenKeyKeeper


@pytest.fixture
def environment():
    return {"JWT_PRIVATE_KEY": "", "JWT_PUBLIC_KEY": "", "JWT_ALGORITHM": "EdDSA", "JWT_KEY_LIFETIME": "90d"}


@pytest.fixture
def keeper(application):
    return application.resolve(TokenKeyKeeper)


@pytest.fixture
def store(keeper):
    return keeper.store


@pytest.fixture
def machine(settings):
    """Starts another one, with settings of its own on wish."""

    @asynccontextmanager
    async def start(**changes):
        other = create_application(settings.model_copy(update=changes))
        await other.start()
        try:
            yield other
        finally:
            await other.stop()

    return start
