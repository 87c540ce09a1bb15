"""Jobs over Redis: a stream for each queue of jobs, read by one group; entries are removed when they are acknowledged."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from mainspring.core.jobs.carrying.ports import Handed, Ticket
from mainspring.core.tasks import heed_cancellation

SECONDS = 10.0
GROUP = "workers"
FIELD = b"ticket"
WAIT_MS = 2000
ABANDONED_MS = 120_000  # longer than a worker keeps a ticket
CLAIM_SECONDS = 30.0
FORGOTTEN_MS = 3_600_000


class RedisJobs:
    """Carries tickets through streams named `<name>.jobs.<queue>`."""

    def __init__(self, url: str, *, name: str) -> None:
        self._url, self._name = url, name
        self._redis: Redis | None = None

    async def send(self, tickets: Sequence[Ticket]) -> None:
        """Add them all in one round trip."""
        redis = self._sending()
        async with asyncio.timeout(SECONDS), redis.pipeline(transaction=False) as pipeline:
            for ticket in tickets:
                pipeline.xadd(self._stream(ticket.queue), {FIELD: ticket.written()})
            await pipeline.execute()

    async def receive(self, queues: Sequence[str], most: int, hand: Callable[[Handed], None], ready: Callable[[], None]) -> None:
        """Read all the queues as long as there is room, and take over what processes that ended had."""
        redis = Redis.from_url(self._url, socket_connect_timeout=SECONDS)
        reader = _Reader(redis, [self._stream(queue) for queue in queues], most, hand)
        try:
            await reader.begin()
            ready()
            await reader.read()
        finally:
            await reader.leave()
            await redis.aclose()

    async def waiting(self, queue: str) -> int:
        """Entries that no worker has read."""
        redis = self._sending()
        async with asyncio.timeout(SECONDS):
            await _make_group(redis, self._stream(queue))
            held: Any = await redis.xpending(self._stream(queue), GROUP)
            return max(0, int(await redis.xlen(self._stream(queue))) - int(held["pending"]))

    async def close(self) -> None:
        """Close the connections for sending; the next use opens them again."""
        redis, self._redis = self._redis, None
        if redis is not None:
            await redis.aclose()

    def _sending(self) -> "Redis":
        if self._redis is None:
            self._redis = Redis.from_url(self._url, socket_connect_timeout=SECONDS)
        return self._redis

    def _stream(self, queue: str) -> str:
        return f"{self._name}.jobs.{queue}"


class _Reader:
    def __init__(self, redis: "Redis", streams: list[str], most: int, hand: Callable[[Handed], None]) -> None:
        self._redis, self._streams, self._hand = redis, streams, hand
        self._consumer = f"worker-{secrets.token_hex(8)}"
        self._most = most
        self._held: dict[tuple[Any, Any], Any] = {}
        self._news = asyncio.Event()
        self._claim_at = 0.0

    async def begin(self) -> None:
        for stream in self._streams:
            await _make_group(self._redis, stream)

    async def read(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            heed_cancellation()
            while len(self._held) >= self._most:
                self._news.clear()
                await self._news.wait()
            if loop.time() >= self._claim_at:
                self._claim_at = loop.time() + CLAIM_SECONDS
                await self._take_over()
            count = max(1, (self._most - len(self._held)) // len(self._streams))  # it is counted for each stream
            found: Any = await self._redis.xreadgroup(
                GROUP, self._consumer, dict.fromkeys(self._streams, ">"), count=count, block=WAIT_MS
            )
            for stream, entries in found or ():
                await self._hand_over(stream, entries)

    async def leave(self) -> None:
        """Let others have what is left, at once, and forget the consumer."""
        left, self._held = self._held, {}
        try:
            async with asyncio.timeout(SECONDS):
                for (stream, id), fields in left.items():
                    async with self._redis.pipeline(transaction=True) as pipeline:
                        pipeline.xadd(stream, fields)
                        pipeline.xack(stream, GROUP, id)
                        pipeline.xdel(stream, id)
                        await pipeline.execute()
                for stream in self._streams:
                    await self._redis.xgroup_delconsumer(stream, GROUP, self._consumer)
        except (RedisError, OSError, TimeoutError):
            return  # whoever takes over later has them, and forgets the consumer too

    async def _take_over(self) -> None:
        for stream in self._streams:
            found: Any = await self._redis.xautoclaim(stream, GROUP, self._consumer, ABANDONED_MS, count=self._most)
            await self._hand_over(stream, found[1])
            for one in await self._redis.xinfo_consumers(stream, GROUP):
                if one["pending"] == 0 and one["idle"] > FORGOTTEN_MS:
                    await self._redis.xgroup_delconsumer(stream, GROUP, one["name"])

    async def _hand_over(self, stream: Any, entries: Any) -> None:
        for id, fields in entries:
            self._held[stream, id] = fields or {}
            acknowledge = self._acknowledging(stream, id)
            try:
                ticket = Ticket.read(self._held[stream, id].get(FIELD, b""))
            except ValueError:
                await acknowledge()
                continue
            self._hand(Handed(ticket, acknowledge))

    def _acknowledging(self, stream: Any, id: Any) -> Callable[[], Awaitable[None]]:
        async def acknowledge() -> None:
            if self._held.pop((stream, id), None) is None:
                return
            self._news.set()
            async with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.xack(stream, GROUP, id)
                pipeline.xdel(stream, id)
                await pipeline.execute()

        return acknowledge


async def _make_group(redis: "Redis", stream: str) -> None:
    try:
        await redis.xgroup_create(stream, GROUP, id="0", mkstream=True)
    except ResponseError as error:
        if "BUSYGROUP" not in str(error):
            raise
