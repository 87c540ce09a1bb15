"""What the cache of a process promises, without other processes."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from mainspring.core import clock
from mainspring.core.cache import Cache
from mainspring.core.cache.memory import OVERHEAD
from mainspring.core.settings.cache import CacheSettings


class Source:
    """Counts how often it is asked."""

    def __init__(self, value: object = 1) -> None:
        self.value, self.loads, self.pause = value, 0, 0.0

    async def load(self) -> object:
        self.loads += 1
        value = self.value
        await asyncio.sleep(self.pause)
        return value


@pytest.fixture
def cache() -> Cache:
    return Cache(CacheSettings())


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the clock on."""
    away, real = [0.0], clock.monotonic
    monkeypatch.setattr(clock, "monotonic", lambda: real() + away[0])

    def move(seconds: float) -> None:
        away[0] += seconds

    return move


@pytest.mark.parametrize("value", [None, 0, "", False, [], {}, ()])
async def test_empty_answers_are_kept_too(cache: Cache, value: object) -> None:
    source = Source(value)

    answers = [await cache.load("key", source.load, of=type(value)) for _ in range(3)]

    assert answers == [value] * 3
    assert source.loads == 1


async def test_five_hundred_at_once_load_an_expired_answer_once(cache: Cache, later: Callable[[float], None]) -> None:
    source = Source()
    source.pause = 0.01
    await cache.load("key", source.load, of=int, ttl=60)
    later(60)

    await asyncio.gather(*(cache.load("key", source.load, of=int, ttl=60) for _ in range(500)))

    assert source.loads == 2


async def test_an_error_is_not_kept(cache: Cache) -> None:
    async def fail() -> int:
        raise ValueError("it failed")

    for _ in range(2):
        with pytest.raises(ValueError, match="it failed"):
            await cache.load("key", fail, of=int)
    assert await cache.load("key", Source(5).load, of=int) == 5


async def test_answers_leave_at_different_times_and_none_too_late(cache: Cache, later: Callable[[float], None]) -> None:
    sources = [Source() for _ in range(200)]

    async def ask() -> int:
        for number, source in enumerate(sources):
            await cache.load(str(number), source.load, of=int, ttl=timedelta(seconds=100))
        return sum(source.loads for source in sources)

    begun = await ask()
    later(89)
    early = await ask()
    later(6)
    middle = await ask()
    later(6)
    last = await ask()

    assert (begun, early) == (200, 200)
    assert 250 < middle < 350
    assert last == 400


async def test_an_invalidated_tag_takes_its_answers_and_no_others(cache: Cache) -> None:
    one, other = Source(), Source()
    for _ in range(2):
        await cache.load("one", one.load, of=int, tags=("product:1", "products"))
        await cache.load("other", other.load, of=int, tags=("product:2", "products"))

    cache.invalidate("product:1")
    for _ in range(2):
        await cache.load("one", one.load, of=int, tags=("product:1", "products"))
        await cache.load("other", other.load, of=int, tags=("product:2", "products"))

    assert (one.loads, other.loads) == (2, 1)


async def test_a_load_that_began_before_an_invalidation_keeps_nothing_and_serves_nobody_after_it(cache: Cache) -> None:
    source = Source("old")
    source.pause = 0.05
    early = asyncio.create_task(cache.load("key", source.load, of=str, tags=("tag",)))
    await asyncio.sleep(0.01)
    source.value = "new"
    cache.invalidate("tag")

    late = await cache.load("key", source.load, of=str, tags=("tag",))

    assert await early == "old"
    assert late == "new"
    assert await cache.load("key", source.load, of=str, tags=("tag",)) == "new"
    assert source.loads == 2


@pytest.mark.parametrize("how", ["delete", "pattern", "everything"])
async def test_the_same_holds_for_keys_patterns_and_everything(cache: Cache, how: str) -> None:
    source = Source("old")
    source.pause = 0.05
    early = asyncio.create_task(cache.load("a:1", source.load, of=str))
    await asyncio.sleep(0.01)
    source.value = "new"
    if how == "delete":
        await cache.delete("a:1")
    elif how == "pattern":
        await cache.invalidate_pattern("a:*")
    else:
        cache.invalidate("*")

    assert await cache.load("a:1", source.load, of=str) == "new"
    assert await early == "old"
    assert await cache.load("a:1", source.load, of=str) == "new"


async def test_whoever_changes_an_answer_changes_nobody_elses(cache: Cache) -> None:
    source = Source([1])
    source.pause = 0.01
    together = await asyncio.gather(*(cache.load("key", source.load, of=list[int]) for _ in range(3)))
    for answer in together:
        answer.append(2)

    assert await cache.load("key", source.load, of=list[int]) == [1]
    assert together == [[1, 2]] * 3


async def test_values_are_set_read_and_deleted_by_hand(cache: Cache) -> None:
    assert await cache.get("key", str) is None
    assert await cache.get("key", str, "nothing") == "nothing"

    await cache.set("key", "value", ttl=10, tags=("tag",))
    assert await cache.get("key", str, tags=("tag",)) == "value"
    await cache.set("key", None)
    assert await cache.get("key", type(None), 5) is None
    await cache.delete("key")

    assert await cache.get("key", str, "nothing") == "nothing"


async def test_a_value_set_by_hand_leaves_with_its_time(cache: Cache, later: Callable[[float], None]) -> None:
    await cache.set("key", "value", ttl=10)
    later(10)

    assert await cache.get("key", str) is None


async def test_a_value_that_would_not_come_back_is_refused_when_set_and_answered_when_loaded(cache: Cache) -> None:
    with pytest.raises(TypeError, match="cannot keep"):
        await cache.set("key", float("nan"))
    source = Source(float("nan"))

    answers = [await cache.load("key", source.load, of=float) for _ in range(2)]

    assert [str(answer) for answer in answers] == ["nan", "nan"]
    assert source.loads == 2


async def test_a_pattern_takes_what_it_finds(cache: Cache) -> None:
    for key in ("a:1", "a:2", "b:1"):
        await cache.set(key, 1)

    assert await cache.invalidate_pattern("a:*") == 2
    assert [await cache.get(key, int) for key in ("a:1", "a:2", "b:1")] == [None, None, 1]


async def test_memory_holds_so_many_entries_and_the_least_used_leave() -> None:
    cache = Cache(CacheSettings(memory_entries=3))
    for key in "abc":
        await cache.set(key, key)
    await cache.get("a", str)

    await cache.set("d", "d")

    assert [await cache.get(key, str) for key in "abcd"] == ["a", None, "c", "d"]


async def test_memory_holds_so_many_bytes() -> None:
    cache = Cache(CacheSettings(memory_bytes=1024 * 1024))
    text = "x" * 100_000
    for number in range(20):
        await cache.set(str(number), text)

    assert cache.memory.bytes <= 1024 * 1024
    assert len(cache.memory) == 1024 * 1024 // (100_000 + OVERHEAD + 4)
    await cache.set("huge", "x" * 2_000_000)
    assert await cache.get("huge", str) is None
    cache.memory.clear()
    assert cache.memory.bytes == 0


async def test_switched_off_it_loads_every_time() -> None:
    cache = Cache(CacheSettings(enabled=False))
    source = Source()

    for _ in range(2):
        await cache.load("key", source.load, of=int)
    await cache.set("key", 1)

    assert source.loads == 2
    assert await cache.get("key", int) is None
