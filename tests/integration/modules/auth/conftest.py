"""Tests of sessions are marked `EVERY_STORE` (R-086). Those of limits on tries are not: with Redis they are counted there.

What runs with Redis is a third run on PostgreSQL. Its name is none of a database, so the two counts stay equal.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mainspring.core.settings import Settings
from mainspring.testing.databases import settings_for
from tests.integration.adapters.redis_servers import OwnRedis, own_redis

from .session_stores import REDIS


@pytest.fixture(scope="session")
def session_redis(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[OwnRedis]:
    """A Redis of this run's own, for limits are counted there too."""
    with own_redis(tmp_path_factory.mktemp("redis")) as server:
        if server is None:
            missing = "Sessions in Redis were skipped: there is no program redis-server."
            pytest.fail(missing) if request.config.getoption("--complete") else pytest.skip(missing)
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param).removesuffix(REDIS)


@pytest.fixture
def settings(database_url: str, environment: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    if request.node.callspec.params["dialect"].endswith(REDIS):
        server: OwnRedis = request.getfixturevalue("session_redis")
        server.empty()
        environment = {"SESSION_STORE": "redis", "REDIS_URL": server.url, **environment}
    return settings_for(database_url, tmp_path, environment)
