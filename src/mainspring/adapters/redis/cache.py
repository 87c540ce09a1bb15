"""Answers that all machines share, in Redis: one script and one round trip for a look, and one to keep (R-232, R-239).

Below `cache:<name>:` lie `v:<key>`, an answer behind the stamps of its tags; `l:<key>`, the lease of whoever loads it; `t:<tag>`,
a stamp at random; and `news`, a stream of what was invalidated. To invalidate a tag is to remove its stamp: the next who asks
makes another one, and what was kept behind the old one is no answer any more, also when it is kept only now.
"""

import secrets
from collections.abc import Callable, Collection, Sequence
from typing import Any

from mainspring.core.cache.patterns import literal
from mainspring.core.cache.ports import EVERYTHING, KEY, PATTERN, TAG, Look, News

from .link import RedisLink

KEPT_NEWS = 20_000
MISSED = KEPT_NEWS // 2  # so many at once may not be all there were
AT_ONCE = 500  # keys of one step of a scan
TAG_MS = 3_600_000  # a stamp outlives what is kept behind it, see KEEP
MARGIN_MS = 60_000

LOOK = """
local stamps = redis.call('MGET', unpack(KEYS, 3))
for at = 1, #KEYS - 2 do
    if not stamps[at] then
        redis.call('SET', KEYS[at + 2], ARGV[1], 'PX', ARGV[2])
        stamps[at] = ARGV[1]
    end
end
local stamp = table.concat(stamps, ' ') .. ' ;'
local kept = redis.call('GET', KEYS[1])
if kept and string.sub(kept, 1, #stamp) == stamp then
    return {stamp, string.sub(kept, #stamp + 1), redis.call('PTTL', KEYS[1]), 0}
end
local loads = 0
if ARGV[3] ~= '' then
    if redis.call('SET', KEYS[2], ARGV[3], 'NX', 'PX', ARGV[4]) or redis.call('GET', KEYS[2]) == ARGV[3] then loads = 1 end
end
return {stamp, false, 0, loads}
"""

KEEP = """
local holds = ARGV[4] == '' or redis.call('GET', KEYS[2]) == ARGV[4]
if not holds then return 0 end
redis.call('DEL', KEYS[2])
local stamps = redis.call('MGET', unpack(KEYS, 3))
for at = 1, #KEYS - 2 do
    if not stamps[at] then
        if ARGV[1] ~= '' then return 0 end
        redis.call('SET', KEYS[at + 2], ARGV[5], 'PX', ARGV[6])
        stamps[at] = ARGV[5]
    end
end
local stamp = table.concat(stamps, ' ') .. ' ;'
if ARGV[1] ~= '' and stamp ~= ARGV[1] then return 0 end
for at = 3, #KEYS do
    if redis.call('PTTL', KEYS[at]) < tonumber(ARGV[6]) then redis.call('PEXPIRE', KEYS[at], ARGV[6]) end
end
redis.call('SET', KEYS[1], stamp .. ARGV[2], 'PX', ARGV[3])
return 1
"""

RENEW = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0"
RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"

TELL = """
local removed = 0
if #KEYS > 1 then removed = redis.call('UNLINK', unpack(KEYS, 2)) end
for at = 3, #ARGV do redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'by', ARGV[2], 'word', ARGV[at]) end
return removed
"""

HEAR = """
local epoch = redis.call('GET', KEYS[2])
if not epoch then
    redis.call('SET', KEYS[2], ARGV[1])
    epoch = ARGV[1]
end
if epoch ~= ARGV[2] then
    local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
    return {epoch, last[1] and last[1][1] or '0-0', {}}
end
return {epoch, '', redis.call('XRANGE', KEYS[1], '(' .. ARGV[3], '+')}
"""


class RedisCache:
    """Answers and news below `cache:<name>:`. `me` tells our own news from those of others."""

    def __init__(self, url: str, *, name: str, link: RedisLink | None = None) -> None:
        self.link = link or RedisLink(url, name="redis_cache")
        self._prefix = f"cache:{name}:"
        self._me = secrets.token_hex(8)
        self._epoch, self._last = "", "0-0"

    async def look(self, key: str, tags: Sequence[str], token: str, lease: float) -> Look:
        """What is kept under a key, else who loads."""
        stamp, payload, left, loads = await self.link.run(
            LOOK, self._keys(key, tags), secrets.token_hex(8), TAG_MS, token, _ms(lease)
        )
        return Look(stamp.decode(), payload, max(0.0, left / 1000), bool(loads))

    async def keep(self, key: str, tags: Sequence[str], look: Look, token: str, payload: bytes, ttl: float) -> bool:
        """Keep an answer, if we hold the lease and no tag moved."""
        return bool(await self._keep(key, tags, look.stamp, token, payload, ttl))

    async def put(self, key: str, tags: Sequence[str], payload: bytes, ttl: float) -> None:
        """Keep an answer."""
        await self._keep(key, tags, "", "", payload, ttl)

    async def renew(self, key: str, token: str, lease: float) -> None:
        """Make the lease as long as it was."""
        await self.link.run(RENEW, [f"{self._prefix}l:{key}"], token, _ms(lease))

    async def release(self, key: str, token: str) -> None:
        """End the lease."""
        await self.link.run(RELEASE, [f"{self._prefix}l:{key}"], token)

    async def tell(self, words: Collection[str]) -> int:
        """Remove stamps, answers and leases, and tell the others."""
        removed = 0
        for word in words:
            if word.startswith(PATTERN):
                removed += await self._unlink_matching(word[1:])
        gone = [name for word in words for name in self._removed_by(word)]
        removed += int(await self.link.run(TELL, [f"{self._prefix}news", *gone], KEPT_NEWS, self._me, *words))
        return removed

    async def hear(self) -> News:
        """What others told. Everything counts as told at the first time, and when Redis has lost what it held."""
        epoch, last, entries = await self.link.run(
            HEAR, [f"{self._prefix}news", f"{self._prefix}epoch"], secrets.token_hex(8), self._epoch, self._last
        )
        if epoch.decode() != self._epoch:
            self._epoch, self._last = epoch.decode(), last.decode()
            return News(everything=True)
        if entries:
            self._last = entries[-1][0].decode()
        if len(entries) >= MISSED:
            return News(everything=True)
        mine = self._me.encode()
        return News([fields[3].decode() for _, fields in entries if fields[1] != mine])

    async def close(self) -> None:
        """Close the connections."""
        await self.link.close()

    async def _keep(self, key: str, tags: Sequence[str], stamp: str, token: str, payload: bytes, ttl: float) -> Any:
        lasting = max(TAG_MS, _ms(ttl) + MARGIN_MS)
        return await self.link.run(KEEP, self._keys(key, tags), stamp, payload, _ms(ttl), token, secrets.token_hex(8), lasting)

    async def _unlink_matching(self, pattern: str) -> int:
        """In steps, so that each is short for Redis and within the deadline (D-38: never KEYS)."""
        removed, cursor = 0, 0
        wanted = f"{literal(self._prefix)}[vl]:{pattern}"
        while True:
            cursor, found = await self.link.call(_scan(cursor, wanted))
            if found:
                removed += await self.link.call(_unlink(found))
            if cursor == 0:
                return removed

    def _removed_by(self, word: str) -> list[str]:
        if word.startswith(TAG):
            return [f"{self._prefix}t:{word[1:]}"]
        if word.startswith(KEY):
            return [f"{self._prefix}v:{word[1:]}", f"{self._prefix}l:{word[1:]}"]
        return [f"{self._prefix}t:{EVERYTHING}"] if word == EVERYTHING else []

    def _keys(self, key: str, tags: Sequence[str]) -> list[str]:
        names = [f"{self._prefix}v:{key}", f"{self._prefix}l:{key}", f"{self._prefix}t:{EVERYTHING}"]
        return names + [f"{self._prefix}t:{tag}" for tag in tags]


def _scan(cursor: int, pattern: str) -> Callable[[Any], Any]:
    return lambda redis: redis.scan(cursor, match=pattern, count=AT_ONCE)


def _unlink(keys: Sequence[bytes]) -> Callable[[Any], Any]:
    return lambda redis: redis.unlink(*keys)


def _ms(seconds: float) -> int:
    return max(1, int(seconds * 1000))
