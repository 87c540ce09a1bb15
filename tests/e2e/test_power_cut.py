"""Killed with -9 at any point of 1,000 concurrent writes: what was acknowledged is there afterwards."""

import asyncio
import json
import random

import httpx2
import pytest

from .conftest import Load, sign_in

pytestmark = pytest.mark.anyio
WRITES = 1000
BODY = '{{"name": "Product {number}", "description": "", "category": "books", "price": {{"amount": 100, "currency": "EUR"}}}}'


@pytest.mark.parametrize("victims", ["one worker", "every process"])
async def test_no_acknowledged_write_is_lost(server, administrator, victims):
    durable = {"DB_SYNCHRONOUS": "full"}
    running = server(workers=2, env=durable)
    headers = await administrator(running.url)

    def create(number: int) -> bytes:
        body = BODY.format(number=number)
        head = f"POST /api/v1/products HTTP/1.1\r\nHost: x\r\nAuthorization: {headers['Authorization']}\r\n"
        return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()

    load = Load(running.url, create)
    writing = asyncio.create_task(load.run(clients=50, per_connection=WRITES, seconds=60, most=WRITES))
    point = random.Random().randint(100, 800)
    while load.counts["answered"] < point and not writing.done():
        await asyncio.sleep(0.001)
    if victims == "every process":
        running.kill()
    else:
        running.processes[1].kill()
    await writing
    if victims == "every process":
        running = server(workers=2, env=durable)
        headers = await sign_in(running.url)

    acknowledged = {json.loads(body)["id"] for body in load.answers}
    assert load.statuses == {201: len(acknowledged)}
    assert len(acknowledged) >= point
    assert acknowledged <= await _stored(running.url, headers)


async def _stored(url: str, headers: dict[str, str]) -> set[str]:
    found: set[str] = set()
    cursor: str | None = ""
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
        while cursor is not None:
            page = (await client.get("/api/v1/products", params={"limit": 100, "cursor": cursor})).raise_for_status().json()
            found |= {product["id"] for product in page["data"]}
            cursor = page["pagination"].get("nextCursor")
    return found
