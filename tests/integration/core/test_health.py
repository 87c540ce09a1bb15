"""`/live`, `/ready` and `/health` say how it is (R-198, R-199)."""

from datetime import timedelta

import pytest

from mainspring.core import clock
from mainspring.core.database import Statement, update_of
from mainspring.core.jobs.models import Job
from mainspring.core.jobs.upkeep import prune_jobs
from mainspring.core.jobs.worker import JobWorker

pytestmark = pytest.mark.anyio


@pytest.fixture
async def worker(app):
    """Jobs are done in this process, as `serve` does them."""
    worker = app.application.resolve(JobWorker)
    await worker.start()
    yield worker
    await worker.drain(5)


async def test_all_is_well(app, worker):
    for path in ("/live", "/ready", "/health"):
        answer = await app.get(path)

        assert (answer.status_code, answer.json()["status"]) == (200, "ok")
        assert answer.json()["timestamp"].endswith("Z")
    assert (await app.get("/health")).json()["checks"] == {"database": "ok"}


async def test_a_lost_database_is_told_and_the_process_lives_on(app, monkeypatch):
    async def gone() -> None:
        raise ConnectionError("the address postgresql://user:secret@host is gone")

    monkeypatch.setattr(app.application.database, "ping", gone)

    for path in ("/ready", "/health"):
        answer = await app.get(path)
        assert answer.status_code == 503
        assert (answer.json()["status"], answer.json()["checks"]["database"]) == ("degraded", "down")
        assert "secret" not in answer.text
    assert (await app.get("/live")).status_code == 200


async def test_a_process_that_ends_is_not_ready(app):
    app.application.draining.set()

    assert (await app.get("/ready")).status_code == 503
    assert (await app.get("/health")).status_code == 200


async def test_without_a_worker_jobs_are_degraded_and_requests_are_answered(app):
    answer = await app.get("/health")

    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["checks"] == {"database": "ok", "jobs": "degraded"}
    assert (await app.get("/ready")).json()["status"] == "ok"


async def test_a_job_that_waits_for_too_long_is_told(app, worker):
    late = clock.now() - app.application.settings.jobs.oldest_ready - timedelta(seconds=1)
    async with app.application.unit() as uow:
        uow.enqueue(prune_jobs)
        uow.before_commit(Statement(update_of(Job).values(name="gone.job", run_at=late)))

    assert (await app.get("/health")).json()["checks"]["jobs"] == "degraded"
