"""`./dev bench cache`: a kept answer beside a bare dictionary, and one from Redis beside a bare GET, turn by turn."""

import argparse
import json
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import uvloop
from redis.asyncio import Redis
from redis.exceptions import RedisError

from mainspring.adapters.redis.cache import RedisCache
from mainspring.adapters.redis.link import RedisLink
from mainspring.core.application import Application
from mainspring.core.cache import Cache, cached
from mainspring.core.runtime import Runtime
from mainspring.core.settings.cache import CacheSettings
from mainspring.testing.databases import settings_for

ONE, OTHER = UUID(int=1), UUID(int=2)
BARE = b'{"id":"00000000-0000-0000-0000-000000000001","name":"a name","size":1}'
Read = Callable[[UUID], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Row:
    """What is kept."""

    id: UUID
    name: str
    size: int


@dataclass
class Measured:
    """Microseconds of one read, a value per round."""

    name: str
    read: Read
    beside: str | None = None
    rounds: list[float] = field(default_factory=list)


@cached(tags=("row:{id}",))
async def kept_row(application: Application, id: UUID) -> Row:
    """A row that cannot be changed: all get the same object."""
    return Row(id, "a name", 1)


@cached(tags=("row:{id}",))
async def kept_list(application: Application, id: UUID) -> list[Row]:
    """A list could be changed: each gets his own."""
    return [Row(id, "a name", number) for number in range(20)]


async def subjects(folder: Path, redis_url: str | None, closing: list[Callable[[], Awaitable[Any]]]) -> list[Measured]:
    """What is measured, the bare ones first."""
    application = Application(settings_for(f"sqlite:///{folder / 'bench.db'}", folder, {}), [])
    held = {ONE: Row(ONE, "a name", 1), OTHER: Row(OTHER, "a name", 1)}

    async def of_dict(id: UUID) -> Row:
        return held[id]

    async def close() -> None:
        await application.resolve(Cache).stop()
        application.resolve(Runtime).close()

    closing.append(close)
    found = [
        Measured("a dictionary", of_dict),
        Measured("@cached, a row", lambda id: kept_row(application, id), "a dictionary"),
        Measured("@cached, a list of 20 rows", lambda id: kept_list(application, id), "a dictionary"),
    ]
    if redis_url is None:
        return found
    bare, name = Redis.from_url(redis_url), f"bench-{secrets.token_hex(4)}"
    # memory for one entry and two keys in turn: every read goes to Redis
    link = RedisLink(redis_url, name="redis_cache", deadline=5.0)
    cache = Cache(CacheSettings(memory_entries=1), shared=RedisCache(redis_url, name=name, link=link))

    async def load() -> Row:
        return Row(ONE, "a name", 1)

    async def of_redis(id: UUID) -> Row:
        return await cache.load(str(id), load, of=Row, tags=("row",))

    async def of_bare(id: UUID) -> Any:
        return await bare.get(f"cache:{name}:bare:{id}")

    async def leave() -> None:
        await cache.invalidate_pattern("*")
        await bare.delete(*[key async for key in bare.scan_iter(match=f"cache:{name}:*")])
        await cache.stop()
        await bare.aclose()

    closing.append(leave)
    for id in (ONE, OTHER):
        await bare.set(f"cache:{name}:bare:{id}", BARE, ex=600)
        await of_redis(id)
    return [*found, Measured("a GET", of_bare), Measured("from Redis, a row", of_redis, "a GET")]


async def microseconds(read: Read, seconds: float) -> float:
    """The time of one read, over reads for so long."""
    assert await read(ONE) is not None
    count, began = 0, time.perf_counter()
    ends = began + seconds
    while (now := time.perf_counter()) < ends:
        for _ in range(50):
            await read(ONE)
            await read(OTHER)
        count += 100
    return 1e6 * (now - began) / count


async def measure(options: argparse.Namespace) -> list[Measured]:
    """Every subject in every round, in turns."""
    closing: list[Callable[[], Awaitable[Any]]] = []
    with tempfile.TemporaryDirectory(prefix="mainspring-bench-") as folder:
        try:
            measured = await subjects(Path(folder), await redis_at(options.redis), closing)
            for number in range(options.rounds):
                for one in measured if number % 2 else measured[::-1]:
                    one.rounds.append(await microseconds(one.read, options.seconds))
        finally:
            for close in reversed(closing):
                await close()
    return measured


async def redis_at(url: str) -> str | None:
    """The address, if a Redis answers there."""
    client = Redis.from_url(url, socket_connect_timeout=2)
    try:
        await client.ping()
    except (RedisError, OSError):
        print(f"No Redis answers at {url}, so what it costs was left out.", file=sys.stderr)
        return None
    finally:
        await client.aclose()
    return url


def table(measured: list[Measured]) -> str:
    """Medians, and how many times as long as the bare one beside it: the median of the rounds' own ratios."""
    by_name = {one.name: one for one in measured}
    lines = [f"{'read':<30}{'µs':>8}{'times':>8}  beside"]
    for one in measured:
        share = ""
        if one.beside is not None:
            share = f"{median(mine / bare for mine, bare in zip(one.rounds, by_name[one.beside].rounds, strict=True)):.1f}"
        lines.append(f"{one.name:<30}{median(one.rounds):>8.2f}{share:>8}  {one.beside or ''}".rstrip())
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser("./dev bench cache", description="Measure kept answers beside bare ones.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="length of one window")
    parser.add_argument("--redis", metavar="URL", default=os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379"))
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results-cache.json"))
    options = parser.parse_args(arguments)
    measured = uvloop.run(measure(options))
    print(table(measured))
    options.output.write_text(json.dumps({one.name: one.rounds for one in measured}, indent=2))
    print(f"\nWritten to {options.output}")
    return 0
