"""Redis for what must answer at once or not at all: a deadline, and nobody is kept waiting for one that is gone (R-233, R-291).

After three calls in a row without an answer it counts as lost, and callers hear so at once. Only a task of its own goes on
asking: the n-th time after 50 ms times n, at most two seconds.
"""

import asyncio
import contextlib
import contextvars
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, RedisError

from mainspring.core import clock, tasks
from mainspring.core.errors import Unavailable
from mainspring.core.observability.logs import get_logger
from mainspring.core.observability.tracing import TRACING
from mainspring.core.resilience.breaker import LEVELS, STATE, Circuit

T = TypeVar("T")
DEADLINE = 0.08  # seconds
LATE = 0.02  # seconds
CONNECTIONS = 16
FAILURES = 3
STEP, LONGEST_STEP = 0.05, 2.0  # seconds
BEAT = 2.0  # seconds between two looks while it answers
MACHINES = "rl:machines"
LATELY_MS = 30_000
TOLD = {"db.system.name": "redis"}  # of a call: neither keys nor values

HERE = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])
"""

log = get_logger(__name__)


class RedisLink:
    """Calls under a deadline. `machine` names this one among all that count here; without it nothing is counted."""

    def __init__(self, url: str, *, machine: str | None = None, name: str = "redis", deadline: float = DEADLINE) -> None:
        self.url, self.machine, self.name, self.deadline = url, machine, name, deadline
        self.is_up = True
        self.machines = 1
        self._failures = 0
        self._redis: Redis | None = None
        self._scripts: dict[str, Any] = {}
        self._watch: asyncio.Task[None] | None = None
        self._deeds: list[Callable[[], Awaitable[None]]] = []

    def on_return(self, deed: Callable[[], Awaitable[None]]) -> None:
        """Await `deed` each time it answers again."""
        self._deeds.append(deed)

    async def call(self, command: Callable[["Redis"], Awaitable[T]]) -> T:
        """What `command` answers. Raises Unavailable when Redis is lost or does not answer in time."""
        self._look_after()
        if not self.is_up:
            raise Unavailable
        return await self._called(command)

    async def start(self) -> None:
        """Say that this machine is here, and go on saying so; whether Redis answers changes nothing."""
        STATE.of(self.name).set(LEVELS[Circuit.CLOSED])
        with contextlib.suppress(Unavailable):
            await self._say_here()
        self._look_after()

    async def run(self, script: str, keys: list[str], *arguments: Any) -> Any:  # Any: what the script answers
        """Run a script, which Redis keeps by its hash."""
        return await self.call(lambda redis: self._script(redis, script)(keys=keys, args=list(arguments)))

    async def ping(self) -> None:
        """Ask whether it answers, also when it counts as lost. Raises Unavailable."""

        async def command(redis: "Redis") -> Any:
            return await redis.ping()

        await self._called(command)

    async def close(self) -> None:
        """Close the connections; the next call opens them again."""
        watch, self._watch = self._watch, None
        if watch is not None:
            await tasks.stop(watch)
        redis, self._redis, self._scripts = self._redis, None, {}
        if redis is not None:
            await redis.aclose()

    async def _called(self, command: Callable[["Redis"], Awaitable[T]]) -> T:
        try:
            with TRACING.child("redis", "client", TOLD):
                async with in_time(self.deadline):
                    answer = await command(self._opened())
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)
            raise Unavailable from error
        self._failures = 0
        return answer

    def _look_after(self) -> None:
        if self._watch is None:
            self._watch = tasks.start(self._watching(), name=f"watch {self.name}", context=contextvars.Context())

    def _failed(self, error: Exception) -> None:
        self._failures += 1
        if self.is_up and self._failures >= FAILURES:
            self.is_up = False
            STATE.of(self.name).set(LEVELS[Circuit.OPEN])
            log.error("store_lost", store=self.name, reason=f"{type(error).__name__}: {error}")

    async def _watching(self) -> None:
        """Say that this machine is here, again and again; and notice when Redis answers again."""
        number = 0
        while True:
            tasks.heed_cancellation()
            try:
                await self._say_here()
            except Unavailable:
                number += 1
                await asyncio.sleep(pause_before(number))
                continue
            number = 0
            if not self.is_up:
                await self._returned()
            await asyncio.sleep(BEAT)

    async def _say_here(self) -> None:
        if self.machine is None:
            await self.ping()
        else:
            self.machines = int(await self._called(self._here))

    async def _here(self, redis: "Redis") -> Any:
        return await self._script(redis, HERE)(keys=[MACHINES], args=[self.machine, LATELY_MS])

    def _script(self, redis: "Redis", text: str) -> Any:
        found = self._scripts.get(text)
        if found is None:
            found = self._scripts[text] = redis.register_script(text)
        return found

    async def _returned(self) -> None:
        began = clock.monotonic()
        self.is_up = True
        STATE.of(self.name).set(LEVELS[Circuit.CLOSED])
        for deed in self._deeds:
            try:
                await deed()
            except Unavailable:
                return  # lost again: the next return does the same
        log.info("store_found_again", store=self.name, handedOverSeconds=round(clock.monotonic() - began, 3))

    def _opened(self) -> "Redis":
        if self._redis is None:
            pool = BlockingConnectionPool.from_url(
                self.url,
                max_connections=CONNECTIONS,
                timeout=None,  # the deadline is ours: it knows whether it was our loop that was late
                socket_timeout=None,
                socket_connect_timeout=None,
                retry=Retry(NoBackoff(), 1, (ConnectionError,)),  # a connection of the pool that Redis closed meanwhile
            )
            self._redis = Redis.from_pool(pool)
        return self._redis


@contextlib.asynccontextmanager
async def in_time(seconds: float) -> AsyncIterator[None]:
    """Raise TimeoutError after so many seconds. When it was our own loop that came late, what has arrived is read first."""
    loop = asyncio.get_running_loop()
    due = loop.time() + seconds
    timer: asyncio.TimerHandle
    async with asyncio.timeout(None) as wait:

        def end() -> None:
            nonlocal timer
            if timer.when() == due and loop.time() - due > LATE:
                timer = loop.call_later(LATE, end)
            else:
                wait.reschedule(loop.time())

        timer = loop.call_at(due, end)
        try:
            yield
        finally:
            timer.cancel()


def pause_before(number: int) -> float:
    """Seconds before the n-th try (R-233)."""
    return min(STEP * number, LONGEST_STEP)
