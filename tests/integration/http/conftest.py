"""An application without modules, and a client in front of routers of the test's own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx2
import pytest

from mainspring.core.application import Application, create_application
from mainspring.core.http import Router
from mainspring.core.http.app import HttpApp
from mainspring.core.http.models import IdempotencyKey
from mainspring.core.jobs.draining import work_until_idle
from mainspring.testing.databases import settings_for
from tests.integration.http.widgets import WIDGETS, Callers, create_tables, widget_routes


@pytest.fixture
async def whole(empty_database_url: str, environment: dict[str, str], tmp_path: Path) -> AsyncIterator[Application]:
    """An application without modules, on a database that has `widgets` and core's table of kept answers."""
    application = create_application(settings_for(empty_database_url, tmp_path, environment), modules=[])
    application.__dict__["authenticator"] = Callers()
    await application.start()
    await create_tables(application, WIDGETS, IdempotencyKey.__table__)
    try:
        yield application
    finally:
        await application.stop()


@pytest.fixture
async def web(whole: Application) -> AsyncIterator[Callable[..., httpx2.AsyncClient]]:
    """Puts routers in front of the application: `web(router)` is a client; without a router the widgets."""
    clients: list[httpx2.AsyncClient] = []

    def serve(*routers: Router) -> httpx2.AsyncClient:
        program = HttpApp(whole, routers or (widget_routes(),))
        transport = httpx2.ASGITransport(app=program, raise_app_exceptions=False, client=("127.0.0.1", 50000))
        client = httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")
        clients.append(client)
        return client

    yield serve
    await asyncio.gather(*(client.aclose() for client in clients))


@pytest.fixture
def work(application: Application) -> Callable[[], Awaitable[int]]:
    """Carry out every job that is due."""
    return lambda: work_until_idle(application)
