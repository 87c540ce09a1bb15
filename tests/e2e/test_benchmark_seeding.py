"""What the benchmarks begin with still fits the schema: they are not run by CI, and this is."""

import os

import httpx2
import pytest

from benchmarks.seeding import PRODUCTS, USERS, fill, make_keys
from benchmarks.subjects import mainspring_environment, running

pytestmark = pytest.mark.anyio


async def test_tokens_of_the_seed_open_the_seeded_server(empty_database_url: str, tmp_path, monkeypatch: pytest.MonkeyPatch):
    keys = make_keys(tmp_path / "keys")
    environment = mainspring_environment(empty_database_url, keys, tmp_path)
    for name in environment:  # `fill` sets them
        monkeypatch.setenv(name, os.environ.get(name, ""))

    tokens = await fill(environment)
    with running("mainspring", empty_database_url, 1, keys, tmp_path) as server:
        async with httpx2.AsyncClient(base_url=server.url, headers={"Authorization": f"Bearer {tokens[0]}"}) as client:
            found = (await client.get("/api/v1/products")).raise_for_status().json()

    assert len(tokens) == USERS
    assert found["pagination"]["total"] == PRODUCTS
