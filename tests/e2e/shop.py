"""A shop on a real server: buyers, products, several processes of clients, and what is true once all is quiet."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import httpx2

from mainspring.testing.databases import environment_of_tests
from mainspring.testing.servers import KEPT

from .buyers import Bought, Task
from .conftest import PASSWORD

ROOT = Path(__file__).parents[2]
FINAL = {"paid", "failed", "cancelled", "refunded", "partly_refunded"}


async def made_product(url: str, headers: dict[str, str], stock: int, price: int = 1999) -> str:
    """A product with this stock."""
    body = {"name": "Lamp", "category": "light", "price": {"amount": price, "currency": "EUR"}, "stock": stock}
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
        return str((await client.post("/api/v1/products", json=body)).raise_for_status().json()["id"])


async def stock_of(url: str, headers: dict[str, str], product_id: str) -> int:
    """What is left of a product."""
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
        return int((await client.get(f"/api/v1/products/{product_id}")).raise_for_status().json()["stock"])


async def reserved_of(url: str, headers: dict[str, str], product_id: str) -> int:
    """How many of a product are set aside."""
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
        return int((await client.get(f"/api/v1/products/{product_id}/stock")).raise_for_status().json()["reserved"])


async def signed_up(url: str, count: int) -> list[str]:
    """The access tokens of new buyers."""
    tokens = []
    async with httpx2.AsyncClient(base_url=url, timeout=30) as client:
        for number in range(count):
            who = {"email": f"buyer{number}@example.com", "password": PASSWORD}
            (await client.post("/api/v1/auth/register", json=who | {"name": "Buyer"})).raise_for_status()
            tokens.append((await client.post("/api/v1/auth/login", json=who)).raise_for_status().json()["accessToken"])
    return tokens


class Worker:
    """A `mainspring worker`, which is killed and replaced by another one."""

    def __init__(self, database_url: str, folder: Path, environment: Mapping[str, str]) -> None:
        given = {name: os.environ[name] for name in KEPT if name in os.environ}
        self._environment = given | environment_of_tests() | {"DATABASE_URL": database_url, "DATA_DIR": str(folder / "data")}
        self._environment |= environment
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with (self._folder / "worker.log").open("ab") as log:
            command = [str(Path(sys.executable).with_name("mainspring")), "worker"]
            self._process = subprocess.Popen(command, env=self._environment, cwd=self._folder, stdout=log, stderr=log)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(30)

    def kill_and_replace(self) -> None:
        """End it at once and start another one."""
        self.__exit__()
        self.__enter__()


class Buyers:
    """Several processes of clients, which start together."""

    def __init__(self, processes: list[asyncio.subprocess.Process]) -> None:
        self._processes = processes

    @classmethod
    async def ready(cls, tasks: Sequence[Task]) -> "Buyers":
        """Start a process per task and wait until all of them could begin."""
        return cls(list(await asyncio.gather(*(_started(task) for task in tasks))))

    async def buy(self) -> list[Bought]:
        """Let them begin, and answer how each buy ended."""
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.write(b"go\n")
        told = await asyncio.gather(*(process.communicate() for process in self._processes))
        return [Bought(**each) for output, _ in told for each in json.loads(output)]


async def _started(task: Task) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.e2e.buyers",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**24,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(asdict(task)).encode() + b"\n")
    assert await process.stdout.readline() == b"ready\n"
    return process


async def all_orders(url: str, headers: dict[str, str], product_id: str | None = None) -> list[dict[str, Any]]:
    """Every order, or those of one product, as somebody with `orders:read` sees them."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
        while cursor is not None:
            page = (await client.get("/api/v1/orders", params={"limit": 100, "cursor": cursor})).raise_for_status().json()
            found += page["data"]
            cursor = page["pagination"].get("nextCursor")
    return [order for order in found if product_id in (None, order["items"][0]["productId"])]


async def wait_until_final(url: str, headers: dict[str, str], seconds: float = 60.0) -> float:
    """Wait until no order is under way; how long that took. Fails when it takes longer."""
    since = time.monotonic()
    while pending := [order for order in await all_orders(url, headers) if order["state"] not in FINAL]:
        assert time.monotonic() - since < seconds, f"still under way: {pending[:3]}"
        await asyncio.sleep(0.2)
    return time.monotonic() - since
