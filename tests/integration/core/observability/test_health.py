"""R-198, R-199, R-336: what /live, /ready and /health say, and what the log says about stores."""

import asyncio

import pytest

from mainspring.core.database import DatabaseUnavailable
from mainspring.core.jobs.worker import JobWorker
from mainspring.core.observability import captured_logs, stores
from mainspring.core.tasks import start, stop

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def lose_database(application, monkeypatch):
    """Makes the database silent, and gives it back."""
    ping = application.database.ping

    async def silent() -> None:
        raise DatabaseUnavailable

    def lose(is_lost: bool = True) -> None:
        monkeypatch.setattr(application.database, "ping", silent if is_lost else ping)

    return lose


async def test_everything_is_well(app):
    await app.application.resolve(JobWorker).start()
    for path in ("/live", "/ready", "/health"):
        answer = await app.get(path)
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert (await app.get("/health")).json()["checks"] == {"database": "ok"}


async def test_a_lost_database_is_told_and_the_process_lives(app, lose_database):
    lose_database()

    assert (await app.get("/live")).status_code == 200
    assert (await app.get("/ready")).status_code == 503
    answer = await app.get("/health")
    assert answer.status_code == 503
    assert (answer.json()["status"], answer.json()["checks"]) == ("degraded", {"database": "down"})

    lose_database(False)
    assert (await app.get("/health")).status_code == 200


async def test_a_process_that_is_ending_is_not_ready(app, application):
    application.draining.set()

    assert (await app.get("/ready")).status_code == 503
    assert (await app.get("/health")).status_code == 200


async def test_a_store_that_is_lost_and_found_again_is_logged_once_each(application, lose_database, monkeypatch):
    monkeypatch.setattr(stores, "EVERY", 0.01)

    with captured_logs() as lines:
        watching = start(stores.watch_stores(application), name="stores")
        for is_lost in (True, False):
            await asyncio.sleep(0.05)
            lose_database(is_lost)
            await _until(lines, "store_lost" if is_lost else "store_found_again")
        await stop(watching)

    said = [line["message"] for line in lines if line["logger"].endswith("stores")]
    assert said == ["store_connected", "store_lost", "store_found_again"]


async def _until(lines, message: str) -> None:
    async with asyncio.timeout(10):
        while message not in [line["message"] for line in lines]:
            await asyncio.sleep(0.01)
