"""Events over Redis: a stream whose entries hold a CloudEvent in the field `__data__`, one group for each program that hears."""

import asyncio
from collections.abc import Sequence
from typing import Any

from faststream.redis import RedisBroker
from faststream.redis.parser import MessageFormat
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from mainspring.core.events.ports import Arrived, Outgoing, Take

FIELD = b"__data__"
LONGEST_STREAM = 1_000_000
WAIT_MS = 5000


class PlainFormat(MessageFormat):
    """The body as it is, so that every program can read it; FastStream's own form puts bytes of its own around it."""

    @classmethod
    async def encode(cls, *, message: Any, **_: Any) -> bytes:
        """The body."""
        return bytes(message)

    @classmethod
    def parse(cls, data: bytes) -> tuple[bytes, dict[str, Any]]:
        """The body, and no headers."""
        return data, {}


class RedisEvents:
    """Both directions. `place` is the stream, `group` the program that hears."""

    def __init__(self, url: str, *, place: str, group: str) -> None:
        self._url, self._place, self._group = url, place, group
        self._sender: RedisBroker | None = None
        self._connecting = asyncio.Lock()

    async def send(self, event: Outgoing) -> None:
        """Add it to the stream, which keeps the newest million entries."""
        broker = self._sender or await self._connected()
        await broker.publish(event.body, stream=self._place, maxlen=LONGEST_STREAM)

    async def listen(self, names: Sequence[str], take: Take) -> None:
        """Read the stream from its beginning, one entry at a time; first what was handed over before and never acknowledged."""
        redis = Redis.from_url(self._url)
        try:
            await self._make_group(redis)
            position = "0"
            while True:
                found: Any = await redis.xreadgroup(
                    self._group, self._group, {self._place: position}, count=1, block=WAIT_MS if position == ">" else None
                )
                entries = found[0][1] if found else []
                if not entries and position != ">":
                    position = ">"
                for id, fields in entries:
                    if fields:  # an entry that was trimmed meanwhile has none
                        entry = id.decode()
                        await take(Arrived(bytes(fields.get(FIELD, b"")), self._place, f"{self._place}:{entry}"))
                    await redis.xack(self._place, self._group, id)
        finally:
            await redis.aclose()

    async def close(self) -> None:
        """Close the connection for sending."""
        if self._sender is not None:
            await self._sender.stop()
            self._sender = None

    async def _connected(self) -> RedisBroker:
        async with self._connecting:
            if self._sender is None:
                broker = RedisBroker(self._url, message_format=PlainFormat, apply_types=False)
                await broker.connect()
                self._sender = broker
        return self._sender

    async def _make_group(self, redis: "Redis") -> None:
        try:
            await redis.xgroup_create(self._place, self._group, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise
