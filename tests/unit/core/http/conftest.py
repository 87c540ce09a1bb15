"""Routers of a test's own behind the whole middleware, without a database."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx2
import pytest

from mainspring.core.application import Application, create_application
from mainspring.core.http import Router
from mainspring.core.http.app import HttpApp
from mainspring.testing.databases import settings_for
from tests.integration.http.widgets import Callers


@pytest.fixture
def programs(tmp_path: Path) -> Callable[..., HttpApp]:
    """`programs(router, ALLOWED_ORIGINS="https://a.example")` is the ASGI program with these settings."""

    def make(*routers: Router, **environment: str) -> HttpApp:
        application: Application = create_application(
            settings_for(f"sqlite:///{tmp_path / 'never.db'}", tmp_path, environment), modules=[]
        )
        application.__dict__["authenticator"] = Callers()
        return HttpApp(application, routers)

    return make


@pytest.fixture
async def client(programs: Callable[..., HttpApp]) -> AsyncIterator[Callable[..., httpx2.AsyncClient]]:
    """`client(router, **environment)` asks the program of `programs`."""
    made: list[httpx2.AsyncClient] = []

    def make(*routers: Router, **environment: str) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(app=programs(*routers, **environment), raise_app_exceptions=False)
        made.append(httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000"))
        return made[-1]

    yield make
    for each in made:
        await each.aclose()
