"""An application with the table of notes; with a Redis too where the test asks for one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mainspring.core.application import Application
from tests.integration.adapters.redis_servers import OwnRedis, own_redis
from tests.integration.core.cache.notes import NOTES, NoteService
from tests.integration.http.widgets import create_tables


@pytest.fixture
def own_server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[OwnRedis]:
    """A Redis of the test's own, which it may stop."""
    with own_redis(tmp_path) as server:
        if server is None:
            missing = "A Redis to stop was skipped: there is no program redis-server."
            pytest.fail(missing) if request.config.getoption("--complete") else pytest.skip(missing)
        yield server


@pytest.fixture(params=["file", "redis"])
def store(request: pytest.FixtureRequest) -> str:
    """Where processes meet."""
    return str(request.param)


@pytest.fixture
def environment(request: pytest.FixtureRequest) -> dict[str, str]:
    if "store" in request.fixturenames and request.getfixturevalue("store") == "redis":
        return {"REDIS_URL": request.getfixturevalue("own_server").url}
    return {}


@pytest.fixture
async def notes(application: Application) -> Application:
    await create_tables(application, NOTES)
    NoteService.loads = 0
    return application
