"""Workers die while requests are repeated with their Idempotency-Key: each happens once, and is always answered alike (API.md).

A third of the keys moves a credit, a third makes a product, and a third is a batch of both with an adjustment of the new stock,
so a batch that a kill cuts in two would show. The effects are counted in the database.
"""

import asyncio
import random
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from mainspring.core.database import Statement
from mainspring.modules.catalog.models import Product
from mainspring.modules.credits.models import CreditTransfer

SENDS, AT_ONCE = 6, 50  # the first, and five repetitions
PATIENCE_SECONDS = 240
OLD_SECONDS = 5.5
IN_FLIGHT = "IDEMPOTENCY_KEY_IN_FLIGHT"
PRICE = {"amount": 100, "currency": "EUR"}
PRODUCTS = Statement(select(Product.name), str)
TRANSFERS = Statement(select(CreditTransfer.amount), int)


@dataclass(frozen=True)
class Deed:
    """One key, and what is asked with it."""

    key: str
    path: str
    body: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What may not differ between two answers to a key."""

    status: int
    content: bytes
    headers: tuple[tuple[str, str], ...]


def deeds(count: int, receiver: str) -> list[Deed]:
    """So many deeds, of three kinds in turn."""
    transfer = {"toUserId": receiver, "amount": 1}
    found = []
    for number in range(count):
        product = {"name": f"thing {number}", "category": "things", "price": PRICE, "stock": 1}
        operations = [
            {"id": "new", "method": "POST", "path": "/api/v1/products", "body": product},
            {
                "id": "more",
                "method": "POST",
                "path": "/api/v1/products/{{new.id}}/stock",
                "body": {"delta": 1, "reason": "{{new.name}}"},
            },
            {"id": "pay", "method": "POST", "path": "/api/v1/credits/transfers", "body": transfer},
        ]
        kinds = [
            ("/api/v1/credits/transfers", transfer),
            ("/api/v1/products", product),
            ("/api/v1/batch", {"operations": operations}),
        ]
        path, body = kinds[number % 3]
        found.append(Deed(f"key-{number}", path, body))
    return found


async def answered(client: httpx2.AsyncClient, deed: Deed, told: Counter[str]) -> Answer:
    """Send it until it is answered."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            answer = await client.post(deed.path, json=deed.body, headers={"Idempotency-Key": deed.key})
        except httpx2.TransportError:
            told["broken"] += 1
        else:
            told["replayed" if "idempotent-replayed" in answer.headers else str(answer.status_code)] += 1
            if answer.status_code < 400:
                kept = tuple(
                    (name, answer.headers[name]) for name in ("content-type", "location", "etag") if name in answer.headers
                )
                return Answer(answer.status_code, answer.content, kept)
            assert answer.status_code >= 500 or answer.json()["error"]["code"] == IN_FLIGHT, answer.text
        assert time.monotonic() < ends, f"{deed.key} was not answered"
        await asyncio.sleep(random.uniform(0.02, 0.2))


async def kill_workers(running: Any, kills: int, pace_seconds: float) -> int:
    """Kill a worker every so often, of those that have worked for a while, since the supervisor lets who dies young wait."""
    killed = 0
    while killed < kills:
        await asyncio.sleep(random.uniform(0.5, 1.5) * pace_seconds)
        old = time.time() - OLD_SECONDS
        victims = [process for process in running.processes[1:] if process.is_running() and process.create_time() < old]
        if victims:
            random.choice(victims).kill()
            killed += 1
    return killed


@pytest.mark.parametrize(
    ("keys", "kills", "pace_seconds"),
    [pytest.param(60, 3, 1.5, id="60 keys"), pytest.param(1000, 50, 2.8, id="1000 keys", marks=pytest.mark.full)],
)
async def test_what_is_repeated_happens_once(server, administrator, application, keys, kills, pace_seconds):
    running = server(workers=2)
    root = await administrator(running.url)
    limits = httpx2.Limits(max_connections=AT_ONCE)
    told: Counter[str] = Counter()
    answers: dict[str, set[Answer]] = defaultdict(set)
    async with httpx2.AsyncClient(
        base_url=running.url, headers=root, timeout=httpx2.Timeout(30, pool=None), limits=limits
    ) as client:
        who = {"email": "receiver@example.com", "password": "correct horse battery staple", "name": "Receiver"}
        receiver = (await client.post("/api/v1/auth/register", json=who)).raise_for_status().json()["id"]
        mine = (await client.get("/api/v1/users/me")).raise_for_status().json()["id"]
        deposit = {"toUserId": mine, "amount": 10 * keys, "reason": "for the test"}
        (await client.post("/api/v1/credits/deposits", json=deposit)).raise_for_status()
        asked = [(deed, place) for place, deed in enumerate(deeds(keys, receiver)) for _ in range(SENDS)]

        async def send(deed: Deed, place: int) -> None:
            await asyncio.sleep(place / keys * kills * pace_seconds)
            answers[deed.key].add(await answered(client, deed, told))

        killing = asyncio.ensure_future(kill_workers(running, kills, pace_seconds))
        await asyncio.gather(*(send(deed, place) for deed, place in asked))
        killed = await killing
    async with httpx2.AsyncClient(base_url=running.url, headers=root, timeout=30) as client:  # none to who was killed
        held = (await client.get("/api/v1/credits")).raise_for_status().json()["balance"]

    async with application.reading() as uow:
        products, transfers = await uow.all(PRODUCTS), await uow.all(TRANSFERS)
    print(f"{keys} keys, {len(asked)} requests, {killed} kills: {dict(told)}")  # noqa: T201
    assert killed == kills
    assert {key: len(found) for key, found in answers.items() if len(found) != 1} == {}
    assert sorted(products) == sorted(f"thing {number}" for number in range(keys) if number % 3)
    paid = sum(number % 3 != 1 for number in range(keys))
    assert transfers.count(1) == paid
    assert held == 10 * keys - paid
    assert told["replayed"] >= 4 * keys
