"""`/live`, `/ready` and `/health` say how it is (R-198, R-199)."""

import pytest

pytestmark = pytest.mark.anyio


async def test_all_is_well(app):
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
