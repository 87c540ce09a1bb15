"""`/metrics` shows what happens, and is closed in production (R-195)."""

import asyncio
import re

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from mainspring.core.database.figures import DatabaseFigures
from mainspring.core.observability.metrics import Reading, collecting, counter
from mainspring.core.settings import load_settings

pytestmark = pytest.mark.anyio


async def figure(app, name: str, **labels: str) -> float | None:
    text = (await app.get("/metrics")).raise_for_status().text
    shown = ",".join(f'{label}="{value}"' for label, value in labels.items())
    found = re.search(rf"^{name}{re.escape('{' + shown + '}') if shown else ''} (\S+)$", text, re.M)
    return float(found[1]) if found else None


async def test_requests_are_counted_by_template_and_status(app):
    user = await app.sign_up()
    labels = {"method": "GET", "route": "/api/v1/products/{id}", "status": "404"}
    before = await figure(app, "http_requests_total", **labels) or 0

    await app.as_(user).get("/api/v1/products/00000000-0000-7000-8000-000000000000")
    await app.as_(user).get("/api/v1/products/00000000-0000-7000-8000-000000000001")

    assert await figure(app, "http_requests_total", **labels) == before + 2
    assert (await figure(app, "http_request_duration_seconds_count", method="GET", route="/api/v1/products/{id}") or 0) >= 2
    assert await figure(app, "http_requests_running") == 1  # the scrape itself


async def test_paths_that_nobody_answers_share_one_series(app):
    labels = {"method": "GET", "route": "(none)", "status": "404"}
    before = await figure(app, "http_requests_total", **labels) or 0

    for number in range(5):
        await app.get(f"/nothing/{number}")

    assert await figure(app, "http_requests_total", **labels) == before + 5


async def test_the_process_and_its_database_are_there(app, dialect):
    assert (await figure(app, "process_cpu_seconds_total") or 0) > 0
    assert await figure(app, "mainspring_processes") == 1
    if dialect == "sqlite":
        assert await figure(app, "mainspring_database_commits_total", database="default") is not None
    else:
        assert await figure(app, "mainspring_database_connections", database="default", state="idle") is not None
    assert await figure(app, "mainspring_database_waiting", database="default") == 0


async def test_a_unit_that_waits_is_seen(app, dialect, monkeypatch):
    monkeypatch.setattr(app.application.database, "figures", lambda: DatabaseFigures(waiting=3))

    assert await figure(app, "mainspring_database_waiting", database="default") == 3


async def test_what_the_installation_shares_is_asked_at_the_scrape(app, monkeypatch):
    async def depth(application):
        async with application.reading():
            return [Reading("queue_depth", "Jobs that are due.", 7, {"queue": "mail"})]

    monkeypatch.setattr(collecting, "SHARED", [depth])

    assert await figure(app, "queue_depth", queue="mail") == 7


async def test_a_collector_that_fails_or_hangs_hides_no_other(app, monkeypatch):
    async def broken(application):
        raise RuntimeError("no table")

    async def stuck(application):
        await asyncio.sleep(60)
        return []

    async def well(application):
        return [Reading("queue_depth", "Jobs that are due.", 7, {"queue": "mail"})]

    def here(application):
        raise RuntimeError("no file")

    monkeypatch.setattr(collecting, "SHARED", [broken, stuck, well])
    monkeypatch.setattr(collecting, "HERE", [here, *collecting.HERE])
    monkeypatch.setattr(collecting, "DEADLINE_SECONDS", 0.05)
    sold = counter("well_sold_total", "Sold.")
    sold.inc()

    text = (await app.get("/metrics")).raise_for_status().text

    assert 'queue_depth{queue="mail"} 7.0' in text
    assert f"well_sold_total {sold.of().value}" in text
    assert text.count("mainspring_metrics_collector_failures_total{") == 3


async def test_openmetrics_when_the_scraper_asks(app):
    answer = await app.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})

    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")
    assert answer.headers["cache-control"] == "no-store"


class TestClosed:
    @pytest.fixture
    def environment(self):
        return {"METRICS_ENABLED": "off"}

    async def test_it_is_not_found_when_it_is_off(self, app):
        assert (await app.get("/metrics")).status_code == 404


def test_production_closes_it_unless_it_is_asked_for(tmp_path):
    from cryptography.hazmat.primitives import serialization as how

    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    pem = key.private_bytes(how.Encoding.PEM, how.PrivateFormat.PKCS8, how.NoEncryption()).decode()
    given = {
        "APP_ENV": "production",
        "DATA_DIR": str(tmp_path),
        "PUBLIC_URL": "https://api.shop.test",
        "SESSION_SECRET": "q8Zr2xVn5KpLw7TbYd3HsJf6MgCa9RuE",
        "ENCRYPTION_KEY": "t4Wy7BnM2kQzXc8VjLp5RfHs9DgTa3Ue",
        "JWT_PRIVATE_KEY": pem,
    }

    assert load_settings(given, tmp_path, modules=[]).metrics_enabled is False
    assert load_settings({**given, "METRICS_ENABLED": "on"}, tmp_path, modules=[]).metrics_enabled is True
