"""Limits that all machines count in together, in Redis: one script and one round trip for each visit (D-25, R-165)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from mainspring.core.limits.lending import Lent, Wish
from mainspring.core.limits.ports import Look
from mainspring.core.limits.tally import FREE_KEPT, LATE_SLOTS, SLOTS, Tally

from .link import RedisLink

FAILED = "rl:auth:"

# A tally is a hash: `u<slot>` is how many were used in a slot, `l<loan>` how many are lent, until when, and the slot of then.
# The script does what `core.limits.lending.settle` does.
LEND = """
local limit, slot, oldest, needed, wanted, free_kept = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]),
    tonumber(ARGV[5]), tonumber(ARGV[6])
local now, late, loan, lent_as, ended = tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9], ARGV[10], ARGV[11]
local used, lent = {}, {}
local all = redis.call('HGETALL', KEYS[1])
for at = 1, #all, 2 do
    local kind, name = string.sub(all[at], 1, 1), string.sub(all[at], 2)
    if kind == 'u' then used[name] = tonumber(all[at + 1]) else lent[name] = all[at + 1] end
end
local function add(name, count)
    used[name] = (used[name] or 0) + count
    redis.call('HINCRBY', KEYS[1], 'u' .. name, count)
end
local counts = ended == '' or lent[ended] ~= nil
if ended ~= '' and counts then
    lent[ended] = nil
    redis.call('HDEL', KEYS[1], 'l' .. ended)
end
if counts then
    for at = 13, #ARGV, 2 do add(ARGV[at], tonumber(ARGV[at + 1])) end
end
local taken = 0
for name, text in pairs(lent) do
    local count, until_, slot_of = string.match(text, '^(%S+) (%S+) (%S+)$')
    if tonumber(until_) + late <= now then
        lent[name] = nil
        redis.call('HDEL', KEYS[1], 'l' .. name)
        add(slot_of, tonumber(count))
    else
        taken = taken + tonumber(count)
    end
end
for name, count in pairs(used) do
    if tonumber(name) < oldest then
        used[name] = nil
        redis.call('HDEL', KEYS[1], 'u' .. name)
    else
        taken = taken + count
    end
end
local free = limit - taken
local granted = math.max(0, math.min(free, needed))
if granted > 0 then add(slot, granted) end
local later = math.max(0, math.min(wanted, math.floor((free - granted) / free_kept)))
if later > 0 then
    lent[loan] = later .. ' ' .. lent_as
    redis.call('HSET', KEYS[1], 'l' .. loan, lent[loan])
end
redis.call('PEXPIRE', KEYS[1], ARGV[12])
local first, ends = '', ''
for name, _ in pairs(used) do
    if first == '' or tonumber(name) < tonumber(first) then first = name end
end
for _, text in pairs(lent) do
    local until_ = string.match(text, '^%S+ (%S+) %S+$')
    if ends == '' or tonumber(until_) < tonumber(ends) then ends = until_ end
end
return {granted, later, math.max(0, free - granted - later), first, ends}
"""

LOOK = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local window, lease, attempt, full, first = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], 0, 0
for at = 1, #KEYS, 2 do
    redis.call('ZREMRANGEBYSCORE', KEYS[at], '-inf', now - window)
    local limit, failed = tonumber(ARGV[3 + (at + 1) / 2]), redis.call('ZCARD', KEYS[at])
    if failed >= limit then
        local nth = redis.call('ZREVRANGE', KEYS[at], limit - 1, limit - 1, 'WITHSCORES')[2]
        return {nth + window - now, 1, failed}
    end
    if attempt ~= '' then
        redis.call('ZREMRANGEBYSCORE', KEYS[at + 1], '-inf', now - lease)
        if failed + redis.call('ZCARD', KEYS[at + 1]) >= limit then full = 1 end
    end
    if at == 1 then first = failed end
end
if attempt ~= '' and full == 0 then
    for at = 2, #KEYS, 2 do
        redis.call('ZADD', KEYS[at], now, attempt)
        redis.call('PEXPIRE', KEYS[at], lease)
    end
end
return {-1, full, first}
"""

FAIL = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local counts = {}
for at = 1, #KEYS, 2 do
    redis.call('ZREM', KEYS[at + 1], ARGV[2])
    redis.call('ZADD', KEYS[at], 'NX', now - tonumber(ARGV[3]), ARGV[2])
    redis.call('PEXPIRE', KEYS[at], ARGV[1])
    counts[#counts + 1] = redis.call('ZCARD', KEYS[at])
end
return counts
"""


class RedisLimits:
    """Tallies and failures for all machines."""

    def __init__(self, url: str, *, machine: str, link: RedisLink | None = None) -> None:
        self.link = link or RedisLink(url, machine=machine)

    @property
    def is_up(self) -> bool:
        """Whether Redis answered lately."""
        return self.link.is_up

    @property
    def machines(self) -> int:
        """How many machines counted in it within the last half minute."""
        return max(1, self.link.machines)

    def on_return(self, deed: Callable[[], Awaitable[None]]) -> None:
        """Await `deed` each time Redis answers again."""
        self.link.on_return(deed)

    async def start(self) -> None:
        """Say that this machine is here, whether Redis answers or not."""
        await self.link.start()

    async def ping(self) -> None:
        """Ask whether Redis answers. Raises Unavailable."""
        await self.link.ping()

    async def close(self) -> None:
        """Close the connections."""
        await self.link.close()

    async def lend(self, key: str, wish: Wish) -> Lent:
        """Settle a wish with a tally."""
        tally = Tally(wish.window)
        used = [part for pair in wish.used.items() for part in pair]
        answer = await self.link.run(
            LEND,
            [key],
            wish.limit,
            tally.slot(wish.now),
            tally.slot(wish.now) - SLOTS,
            wish.needed,
            wish.wanted,
            FREE_KEPT,
            repr(wish.now),
            repr(LATE_SLOTS * tally.slot_seconds),
            wish.loan,
            f"{wish.until!r} {tally.slot(wish.until)}",
            wish.ended or "",
            int(wish.window * 1250) + 1000,
            *used,
        )
        granted, later, free, first, ends = answer
        free_at = wish.now
        if first:
            free_at = (int(first) + SLOTS + 1) * tally.slot_seconds
        elif ends:
            free_at = float(ends)
        return Lent(granted, later, free, max(0.0, free_at - wish.now))

    async def look(self, limits: Mapping[str, int], window: float) -> Look:
        """Count the failures of each key."""
        return await self._look(limits, window, 0.0, "")

    async def begin(self, limits: Mapping[str, int], window: float, lease: float, attempt: str) -> Look:
        """Count the failures, and note an attempt under way unless one too many failed already."""
        return await self._look(limits, window, lease, attempt)

    async def fail(self, keys: Sequence[str], window: float, attempt: str) -> list[int]:
        """Note that an attempt failed; how many now did, by key."""
        counts: list[int] = await self.link.run(FAIL, _both(keys), _ms(window), attempt, 0)
        return counts

    async def forget(self, keys: Sequence[str], attempt: str) -> None:
        """Take back that an attempt is under way."""

        async def command(redis: Any) -> Any:
            async with redis.pipeline(transaction=False) as pipeline:
                for key in keys:
                    pipeline.zrem(f"{FAILED}{key}:open", attempt)
                return await pipeline.execute()

        await self.link.call(command)

    async def add(self, failures: Sequence[tuple[str, float, str]], window: float) -> None:
        """Note failures that were counted elsewhere."""
        for key, age, attempt in failures:
            await self.link.run(FAIL, _both([key]), _ms(window), attempt, _ms(age))

    async def _look(self, limits: Mapping[str, int], window: float, lease: float, attempt: str) -> Look:
        wait, full, failed = await self.link.run(LOOK, _both(list(limits)), _ms(window), _ms(lease), attempt, *limits.values())
        return Look(None if wait < 0 else max(1.0, wait / 1000), bool(full), failed)


def _both(keys: Sequence[str]) -> list[str]:
    """For each key the set of its failures and that of its attempts under way."""
    return [name for key in keys for name in (f"{FAILED}{key}", f"{FAILED}{key}:open")]


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
