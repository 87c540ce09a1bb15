"""Slow readers hold every connection of the pool: whoever needs one is told within two seconds, the others notice nothing."""

import asyncio
import time
from pathlib import Path

import httpx2
import pytest

pytestmark = pytest.mark.anyio
LAB = Path(__file__).parent / "lab"
POOL = 3


async def test_a_request_without_a_connection_is_refused_soon_and_served_again(server, dialect):
    if dialect == "sqlite":
        return  # it has no pool: statements run one after the other in the process
    pool = {"DB_POOL_MAX": str(POOL), "DB_ACQUIRE_TIMEOUT": "2s", "DB_LOCK_TIMEOUT": "2s"}
    running = server(env={**pool, "PYTHONPATH": str(LAB), "RATE_LIMITS": "off", "JOBS__CONCURRENCY": "0"})

    async with httpx2.AsyncClient(base_url=running.url, timeout=30) as client:
        (await client.get("/api/v1/lab/slow", params={"seconds": 0})).raise_for_status()
        readers = [asyncio.create_task(client.get("/api/v1/lab/slow", params={"seconds": 4})) for _ in range(POOL)]
        await asyncio.sleep(0.5)
        took, refused = await timed(client, "/api/v1/lab/slow?seconds=0")
        live_took, live = await timed(client, "/live")
        read = [reader.status_code for reader in await asyncio.gather(*readers)]
        back_took, back = await timed(client, "/api/v1/lab/slow?seconds=0")

    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert "retry-after" in refused.headers
    assert took < 2.5
    assert (live.status_code, live_took < 1) == (200, True)
    assert read == [200] * POOL
    assert (back.status_code, back_took < 1) == (200, True)


async def timed(client: httpx2.AsyncClient, path: str) -> tuple[float, httpx2.Response]:
    began = time.monotonic()
    answer = await client.get(path)
    return time.monotonic() - began, answer
