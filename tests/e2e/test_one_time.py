"""One-time means once: fifty tries at once with one secret, over HTTP, at two processes (ASVS 6.5.1, 6.6.3, 2.3.4).

`./dev test --full tests/e2e/test_one_time.py -s` runs twenty rounds of each row and prints what they came to.
"""

import json
import sys

import pytest

from tests.integration.modules.social.conftest import CLIENT
from tests.integration.modules.social.oidc_server import OidcServer

from .one_time import ENVIRONMENT, World, race
from .one_time_rows import ROWS


@pytest.fixture
async def world(server, tmp_path):
    async with OidcServer() as provider:
        providers = {"acme": {**CLIENT, "issuer": provider.issuer}}
        running = server(workers=2, env={**ENVIRONMENT, "SOCIAL__PROVIDERS": json.dumps(providers)})
        async with running.client(timeout_seconds=120) as client:
            yield World(client, tmp_path, provider)


@pytest.mark.slow
async def test_each_kind_of_secret_is_good_once(world):
    wrong = {}
    for name, row in ROWS.items():
        try:
            await race(world, row, rounds=2)
        except AssertionError as problem:
            wrong[name] = str(problem)

    assert wrong == {}


@pytest.mark.full
@pytest.mark.parametrize("name", ROWS)
async def test_each_kind_of_secret_is_good_once_at_full_size(world, name, dialect):
    statuses = await race(world, ROWS[name], rounds=20)

    sys.stdout.write(f"\n{dialect:10} {name:22} 20 rounds of 50: {dict(sorted(statuses.items()))}\n")
