"""Which sessions are alive, in Redis: a key a session, which ends when the session does (R-086).

`session:<name>:<id>` holds the moment at which the session was last proved, in microseconds since 1970: no secret, no person.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from redis.exceptions import ResponseError

from mainspring.core import clock

from .link import RedisLink

DEADLINE = 0.5  # seconds; more than limits and the cache wait, for nothing else can answer instead
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
FORGETS = "Sessions are in a Redis that keeps nothing on a disk: when it restarts, everybody is signed out."
EVICTS = "Sessions are in a Redis that removes keys when its memory is full: people are signed out then."


class RedisSessions:
    """The `SessionStore` of auth. `name` keeps installations on one Redis apart. Every method raises Unavailable."""

    is_apart = True

    def __init__(self, url: str, *, name: str, link: RedisLink | None = None) -> None:
        self.name = name
        self.link = link or RedisLink(url, name="sessions", deadline=DEADLINE)

    async def hold(self, session_id: UUID, authenticated_at: datetime, expires_at: datetime) -> None:
        """Keep a session until it expires, by as long as that is from now: clocks of machines differ."""
        milliseconds = max(1, (expires_at - clock.now()) // timedelta(milliseconds=1))
        await self.link.call(lambda redis: redis.set(self._key(session_id), _number(authenticated_at), px=milliseconds))

    async def held(self, session_ids: Sequence[UUID]) -> dict[UUID, datetime]:
        """Those that are there, in one round trip, with the moment at which each was last proved."""
        if not session_ids:
            return {}
        found = await self.link.call(lambda redis: redis.mget([self._key(id) for id in session_ids]))
        return {id: EPOCH + int(value) * MICROSECOND for id, value in zip(session_ids, found, strict=True) if value is not None}

    async def prove(self, session_id: UUID, authenticated_at: datetime) -> bool:
        """Note a new proof while the key is there; its end stays as it is."""
        changed: Any = await self.link.call(
            lambda redis: redis.set(self._key(session_id), _number(authenticated_at), xx=True, keepttl=True)
        )
        return bool(changed)

    async def drop(self, session_ids: Sequence[UUID]) -> None:
        """Remove them."""
        if session_ids:
            await self.link.call(lambda redis: redis.delete(*(self._key(id) for id in session_ids)))

    async def risks(self) -> list[tuple[str, str]]:
        """What in the settings of Redis signs people out, each with its cure. What it does not let itself be asked is no risk."""

        async def command(redis: Any) -> tuple[dict[str, Any], dict[str, Any]]:
            memory = await redis.info("memory")
            try:
                return memory, await redis.config_get("save") | await redis.config_get("appendonly")
            except ResponseError:  # hosted servers often refuse CONFIG
                return memory, {}

        memory, settings = await self.link.call(command)
        found = []
        if settings.get("save") == "" and settings.get("appendonly") == "no":
            found.append((FORGETS, "Set appendonly yes in Redis, unless that is meant."))
        if memory.get("maxmemory") and memory.get("maxmemory_policy") != "noeviction":
            found.append((EVICTS, "Set maxmemory-policy noeviction, or give sessions a Redis of their own."))
        return found

    async def close(self) -> None:
        """Close the connections."""
        await self.link.close()

    def _key(self, session_id: UUID) -> str:
        return f"session:{self.name}:{session_id}"


def _number(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND
