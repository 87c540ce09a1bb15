"""`./dev bench mixed`: how long people wait when 200 requests a second of every kind come in (R-001, R-002, R-003).

Requests start on a fixed beat, whether or not those before were answered, and each is timed from its beat: a server that stalls
cannot hide it. Two workers, everything at its default.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

import psutil

from .databases import Store, stores
from .seeding import make_keys, seed
from .subjects import running

ACCOUNTS = 10
PASSWORD = "a benchmark of mixed requests"
MOST = {50: 25.0, 95: 50.0, 99: 150.0}  # milliseconds
CONNECTIONS = 100

Request = tuple[bytes, int]  # what is sent, and the status that it must get


@dataclass
class Times:
    """Milliseconds from the beat to the answer, by kind of request."""

    kinds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: Counter[str] = field(default_factory=Counter)

    def percentile(self, percent: int, kind: str | None = None) -> float:
        """The time in milliseconds within which so many percent were answered."""
        times = self.kinds[kind] if kind else [each for times in self.kinds.values() for each in times]
        return quantiles(times, n=100, method="inclusive")[percent - 1]


class Visitors:
    """Who asks: kinds of requests in their shares, over connections that are kept."""

    def __init__(self, url: str, tokens: list[str]) -> None:
        self.host, _, port = url.removeprefix("http://").partition(":")
        self.port = int(port)
        self.tokens = tokens
        self.times = Times()
        self.chance = random.Random(7)  # the same requests in each run
        self.free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.slots = asyncio.Semaphore(CONNECTIONS)
        # in 200 requests; a login a second is many, since a session lasts for days
        self.kinds: dict[str, tuple[int, Callable[[], Request]]] = {
            "list": (80, lambda: self._get("/api/v1/products?cursor=&limit=20&sort=-createdAt", 200)),
            "page": (30, lambda: self._get(f"/api/v1/products?page={self.chance.randint(1, 40)}&limit=20", 200)),
            "profile": (30, lambda: self._get("/api/v1/users/me", 200)),
            "orders": (18, lambda: self._get("/api/v1/orders?limit=20", 200)),
            "create": (30, self._create),
            "missing": (11, lambda: self._get("/api/v1/products/01900000-0000-7000-8000-000000000000", 404)),
            "login": (1, self._login),
        }

    async def register(self) -> None:
        """Make the accounts that sign in later."""
        for number in range(ACCOUNTS):
            body = {"email": f"visitor{number}@bench.example", "password": PASSWORD, "name": "Visitor"}
            await self._ask("register", (self._with_body("POST", "/api/v1/auth/register", body, ""), 201), time.perf_counter())

    async def come(self, per_second: int, seconds: float) -> None:
        """Send at an even rate; returns when every answer is here."""
        names, shares = list(self.kinds), [share for share, _ in self.kinds.values()]
        began = time.perf_counter()
        async with asyncio.TaskGroup() as visits:
            for number in range(int(per_second * seconds)):
                beat = began + number / per_second
                await asyncio.sleep(max(0.0, beat - time.perf_counter()))
                (kind,) = self.chance.choices(names, shares)
                visits.create_task(self._ask(kind, self.kinds[kind][1](), beat))

    async def _ask(self, kind: str, request: Request, beat: float) -> None:
        sent, wanted = request
        async with self.slots:
            reader, writer = self.free.pop() if self.free else await asyncio.open_connection(self.host, self.port)
            writer.write(sent)
            head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)).lower()
            await reader.readexactly(int(head.partition(b"content-length: ")[2].split(b"\r\n")[0]))
            self.times.kinds[kind].append((time.perf_counter() - beat) * 1000)
            if (status := int(head.split()[1])) != wanted:
                self.times.wrong[f"{kind}: {status}"] += 1
            if b"connection: close" in head:
                writer.close()
            else:
                self.free.append((reader, writer))

    def close(self) -> None:
        """Close the kept connections."""
        for _, writer in self.free:
            writer.close()

    def _get(self, path: str, status: int) -> Request:
        return f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\n{self._who()}\r\n".encode(), status

    def _create(self) -> Request:
        body = {"name": "Lamp", "category": "light", "price": {"amount": 1999, "currency": "EUR"}, "stock": 3}
        return self._with_body("POST", "/api/v1/products", body, self._who()), 201

    def _login(self) -> Request:
        body = {"email": f"visitor{self.chance.randrange(ACCOUNTS)}@bench.example", "password": PASSWORD}
        return self._with_body("POST", "/api/v1/auth/login", body, ""), 200

    def _who(self) -> str:
        return f"Authorization: Bearer {self.chance.choice(self.tokens)}\r\n"

    def _with_body(self, method: str, path: str, body: object, who: str) -> bytes:
        text = json.dumps(body)
        head = f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\n{who}Content-Type: application/json\r\n"
        return f"{head}Content-Length: {len(text)}\r\n\r\n{text}".encode()


async def visit(url: str, tokens: list[str], options: argparse.Namespace) -> Times:
    """A warm-up, then what is counted."""
    visitors = Visitors(url, tokens)
    await visitors.register()
    await visitors.come(options.per_second, 3)
    visitors.times = Times()
    await visitors.come(options.per_second, options.seconds)
    visitors.close()
    return visitors.times


def measure(store: Store, keys: Path, folder: Path, options: argparse.Namespace) -> bool:
    """Print what was seen of one database; whether every promise was kept."""
    tokens = seed(store.seeded, keys, folder / f"seed-{store.name}").read_text().split()
    psutil.cpu_percent()
    with running("mainspring", store.fresh(), options.workers, keys, folder) as server:
        times = asyncio.run(visit(server.url, tokens, options))
    load = f"{options.workers} workers, {options.per_second} a second for {options.seconds:g} s"
    print(f"{store.name}, {load}, machine {psutil.cpu_percent():.0f} % busy")
    print(f"  {'kind':<9}{'answers':>8}" + "".join(f"{f'p{percent} ms':>9}" for percent in MOST))
    for kind, found in sorted(times.kinds.items()):
        print(f"  {kind:<9}{len(found):>8}" + "".join(f"{times.percentile(percent, kind):>9.1f}" for percent in MOST))
    kept = not times.wrong
    if times.wrong:
        print(f"  MISSED  answers with another status: {dict(times.wrong)}")
    for percent, most in MOST.items():
        seen = times.percentile(percent)
        kept = kept and seen <= most
        print(f"  {'kept  ' if seen <= most else 'MISSED'}  p{percent} at most {most:g} ms: {seen:.1f}")
    return kept


def main(given: list[str]) -> int:
    """Measure both databases. 0 when every promise was kept, else 1."""
    parser = argparse.ArgumentParser("./dev bench mixed", description="Percentiles of a mixed load at a fixed rate.")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--per-second", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", choices=["postgresql", "sqlite"], nargs="+", default=["postgresql", "sqlite"])
    parser.add_argument("--postgresql", metavar="URL", help="a server on which databases may be created")
    options = parser.parse_args(given)
    with tempfile.TemporaryDirectory(prefix="mainspring-mixed-") as name:
        folder = Path(name)
        keys = make_keys(folder / "keys")
        with stores(options.only, folder, options.postgresql) as databases:
            kept = [measure(store, keys, folder, options) for store in databases]
            sys.stdout.flush()
    return int(not all(kept))
