"""Answers in Redis: shared, never stale, and harmless when Redis is gone or does not answer (R-232, R-233, R-239)."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mainspring.adapters.redis.cache import RedisCache
from mainspring.adapters.redis.link import DEADLINE, RedisLink
from mainspring.core.cache import Cache, news
from mainspring.core.settings.cache import CacheSettings
from tests.integration.adapters.redis_servers import OwnRedis, own_redis

PATIENT = 5.0  # seconds: a busy test machine is no lost Redis
Maker = Callable[[], Cache]


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[OwnRedis]:
    """A Redis that the test may stop."""
    with own_redis(tmp_path) as server:
        if server is None:
            missing = "A Redis to stop was skipped: there is no program redis-server."
            pytest.fail(missing) if request.config.getoption("--complete") else pytest.skip(missing)
        yield server


def cache_at(url: str, name: str, deadline: float = PATIENT, **settings: object) -> Cache:
    link = RedisLink(url, name="redis_cache", deadline=deadline)
    return Cache(CacheSettings.model_validate(settings), shared=RedisCache(url, name=name, link=link))


@pytest.fixture
async def make(redis_url: str) -> AsyncIterator[Maker]:
    """Makes caches of processes that share one Redis, below a name of this test's own."""
    name, made = secrets.token_hex(8), []

    def another() -> Cache:
        made.append(cache_at(redis_url, name))
        return made[-1]

    yield another
    made[0].invalidate("*")
    await made[0].invalidate_pattern("*")
    for cache in made:
        await cache.stop()


class Source:
    def __init__(self, value: str = "old", pause: float = 0.0) -> None:
        self.value, self.pause, self.loads = value, pause, 0

    async def load(self) -> str:
        self.loads += 1
        value = self.value
        await asyncio.sleep(self.pause)
        return value


async def test_what_one_process_loaded_the_others_find(make: Maker) -> None:
    source = Source()

    answers = [await make().load("key", source.load, of=str) for _ in range(4)]

    assert answers == ["old"] * 4
    assert source.loads == 1


async def test_five_hundred_in_five_processes_load_an_expired_answer_once(make: Maker) -> None:
    source, caches = Source(pause=0.1), [make() for _ in range(5)]
    await caches[0].set("key", "early", ttl=0.05)
    await asyncio.sleep(0.1)

    answers = await asyncio.gather(*(caches[number % 5].load("key", source.load, of=str) for number in range(500)))

    assert set(answers) == {"old"}
    assert source.loads == 1


@pytest.mark.parametrize("how", ["tag", "key", "pattern", "everything"])
async def test_what_one_process_invalidates_no_process_serves_half_a_second_later(make: Maker, how: str) -> None:
    one, other = make(), make()
    for _ in range(2):
        for cache in (one, other):
            await cache.load("a:1", Source("old").load, of=str, tags=("tag",))
        await asyncio.sleep(2 * news.EVERY_SHARED)  # both hear the news by now

    if how == "tag":
        one.invalidate("tag")
    elif how == "key":
        await one.delete("a:1")
    elif how == "pattern":
        assert await one.invalidate_pattern("a:*") == 1
    else:
        one.invalidate("*")
    at_once = await one.load("a:1", Source("new").load, of=str, tags=("tag",))
    await asyncio.sleep(news.BELIEVED + news.EVERY_SHARED)

    assert at_once == "new"
    assert await other.load("a:1", Source("new").load, of=str, tags=("tag",)) == "new"


@pytest.mark.parametrize("how", ["tag", "key", "pattern"])
async def test_a_load_that_began_before_an_invalidation_elsewhere_leaves_nothing(make: Maker, how: str) -> None:
    slow, other = make(), make()
    source = Source("old", pause=0.3)
    loading = asyncio.create_task(slow.load("a:1", source.load, of=str, tags=("tag",)))
    await asyncio.sleep(0.1)
    if how == "tag":
        other.invalidate("tag")
        await other.news.told()
    elif how == "key":
        await other.delete("a:1")
    else:
        await other.invalidate_pattern("a:*")
    assert await loading == "old"

    assert await make().load("a:1", Source("new").load, of=str, tags=("tag",)) == "new"


async def test_a_stamp_that_redis_let_go_of_takes_its_answers_along(make: Maker, redis_url: str) -> None:
    one = make()
    await one.set("key", "old", tags=("tag",))
    shared = one.news._shared
    assert isinstance(shared, RedisCache)
    await shared.link.call(lambda redis: redis.delete(f"{shared._prefix}t:tag"))

    assert await make().get("key", str, tags=("tag",)) is None


async def test_a_load_that_takes_longer_than_its_lease_is_still_the_only_one(redis_url: str) -> None:
    name = secrets.token_hex(8)
    one, other = (cache_at(redis_url, name, lease=timedelta(seconds=0.4)) for _ in range(2))
    source = Source(pause=1.0)
    first = asyncio.create_task(one.load("key", source.load, of=str))
    await asyncio.sleep(0.6)

    await other.get("key", str)
    look = await other.news._shared.look("key", (), "another", 1.0)  # type: ignore[union-attr]

    assert not look.loads
    assert await first == "old"
    assert await other.get("key", str) == "old"
    for cache in (one, other):
        await cache.stop()


async def test_a_load_that_fails_gives_its_lease_back(make: Maker) -> None:
    async def fail() -> str:
        raise ValueError("it failed")

    with pytest.raises(ValueError, match="it failed"):
        await make().load("key", fail, of=str)
    await asyncio.sleep(0.1)
    began = time.monotonic()

    assert await make().load("key", Source().load, of=str) == "old"
    assert time.monotonic() - began < CacheSettings().lease.total_seconds()


async def test_a_pattern_walks_in_steps_and_never_asks_for_all_keys(make: Maker) -> None:
    cache = make()
    shared = cache.news._shared
    assert isinstance(shared, RedisCache)
    before = await shared.link.call(lambda redis: redis.info("commandstats"))
    await asyncio.gather(*(cache.set(f"a:{number}", "x") for number in range(1200)))
    await cache.set("b:1", "stays")

    removed = await cache.invalidate_pattern("a:*")

    after = await shared.link.call(lambda redis: redis.info("commandstats"))
    assert removed == 1200
    assert await make().get("b:1", str) == "stays"
    assert await make().get("a:7", str) is None
    assert after.get("cmdstat_keys") == before.get("cmdstat_keys")


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_a_lost_redis_fails_nobody_keeps_nobody_waiting_and_comes_back(server: OwnRedis, how: str) -> None:
    cache = cache_at(server.url, "test", deadline=DEADLINE)
    source = Source()
    await cache.load("before", source.load, of=str)
    (server.kill if how == "killed" else server.freeze)()

    waits = []
    for number in range(200):
        began = time.monotonic()
        assert await cache.load(f"key {number}", source.load, of=str, tags=("tag",)) == "old"
        waits.append(time.monotonic() - began)
    cache.invalidate("tag")
    source.value = "new"
    assert await cache.load("key 1", source.load, of=str, tags=("tag",)) == "new"  # the writer sees its change
    loads = source.loads
    assert await cache.load("key 1", source.load, of=str, tags=("tag",)) == "new"
    assert source.loads == loads  # from memory, which is believed for a moment

    assert sum(wait > DEADLINE / 2 for wait in waits) <= 3
    await asyncio.sleep(1.0)
    (server.start if how == "killed" else server.thaw)()
    began = time.monotonic()
    other = cache_at(server.url, "test")
    while not await other.get("shared", str):
        assert time.monotonic() - began < 5
        await cache.load("shared", source.load, of=str)
        cache.memory.clear()
        await asyncio.sleep(0.05)
    for one in (cache, other):
        await one.stop()


async def test_what_was_invalidated_while_redis_was_frozen_is_told_afterwards(server: OwnRedis) -> None:
    one, other = cache_at(server.url, "test", deadline=DEADLINE), cache_at(server.url, "test")
    await one.load("key", Source("old").load, of=str, tags=("tag",))
    server.freeze()
    for _ in range(4):
        await one.load(secrets.token_hex(4), Source().load, of=str)
    one.invalidate("tag")
    server.thaw()
    began = time.monotonic()
    while one.news.is_untold("key", ("tag",)):
        assert time.monotonic() - began < 5
        await asyncio.sleep(0.02)

    assert await other.get("key", str, tags=("tag",)) is None
    for cache in (one, other):
        await cache.stop()


async def test_a_redis_that_lost_everything_makes_memory_forget(server: OwnRedis) -> None:
    cache, source = cache_at(server.url, "test"), Source()
    await cache.load("key", source.load, of=str)
    await asyncio.sleep(2 * news.EVERY_SHARED)
    await cache.load("key", source.load, of=str)
    shared = cache.news._shared
    assert isinstance(shared, RedisCache)
    await shared.link.call(lambda redis: redis.flushall())
    await asyncio.sleep(3 * news.EVERY_SHARED)
    source.value = "new"

    assert await cache.load("key", source.load, of=str) == "new"
    await cache.stop()
