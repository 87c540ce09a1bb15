"""The tables of the built-in modules: models and migrations agree, and every version goes up and down (R-223, R-229)."""

import pytest

from mainspring.core.application import create_application
from mainspring.core.database.migrate import Migrations
from mainspring.testing.databases import settings_for


@pytest.fixture
def empty(empty_database_url, tmp_path):
    return create_application(settings_for(empty_database_url, tmp_path, {}))


async def test_models_and_migrations_agree(empty):
    migrations = Migrations(empty)
    await migrations.up()

    assert await migrations.compare() == []


async def test_every_version_goes_down_and_up_again(empty):
    migrations = Migrations(empty)
    await migrations.up()
    names = [module.name for module in reversed(empty.modules) if module.name != "audit"]

    for name in names:
        await migrations.down(name, steps=99)
    await migrations.up()

    assert await migrations.compare() == []
