"""A provider over real HTTP, set up under the name `acme`, and a browser that goes there and back."""

import json

import pytest

from .browser import Browser
from .oidc_server import CLIENT_ID, CLIENT_SECRET, OidcServer

CLIENT = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


@pytest.fixture
async def server():
    async with OidcServer() as server:
        yield server


@pytest.fixture
def providers(server):
    """What is set up: override it."""
    return {"acme": {**CLIENT, "issuer": server.issuer}}


@pytest.fixture
def more_settings():
    """Further settings: override it."""
    return {}


@pytest.fixture
def environment(providers, more_settings):
    return {"SOCIAL__PROVIDERS": json.dumps(providers), "RATE_LIMITS": "off", **more_settings}


@pytest.fixture
def browser(app, server):
    return Browser(app, server)
