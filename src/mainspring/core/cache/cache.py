"""The cache of a process: memory in front of Redis where there is one, and one load for all who ask at once.

An answer carries tags. It is good while each of them is where it was when its loading began, so one whose loading began before
an invalidation is never served after it. What other processes invalidated is heard within 20 ms on one machine and within half a
second over machines; memory that has heard nothing for longer is not believed (R-236, R-239, decision 202).
"""

import random
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar, overload

from .. import clock
from ..observability.logs import get_logger
from ..settings.cache import CacheSettings
from .figures import Figures, figures_of
from .flights import Flights
from .local import Local
from .memory import Memory
from .news import Newsroom
from .patterns import pattern_of
from .ports import EVERYTHING, KEY, PATTERN, TAG, Board, Shared
from .question import Answer, Question
from .sharing import Sharing
from .values import CannotKeep, Kept
from .versions import Versions

T = TypeVar("T")
D = TypeVar("D")
JITTER = 0.1  # part of its life by which an answer may leave earlier, so that not all leave at once
BY_HAND = "by hand"  # the name under which the service itself is counted

MISSING = object()

log = get_logger(__name__)


class Cache:
    """One per process. `board` brings the news of this machine, `shared` those of all machines and their answers."""

    def __init__(self, settings: CacheSettings, *, board: Board | None = None, shared: Shared | None = None) -> None:
        self.settings = settings
        self.memory = Memory(settings.memory_entries, settings.memory_bytes)
        self.versions = Versions()
        self._flights = Flights()
        self._local = Local(self.memory, self.versions, lambda: (key for key, _ in self._flights))
        self.news = Newsroom(self._local.take, board=board, shared=shared)
        self.sharing = Sharing(shared, self.news, settings.lease.total_seconds()) if shared is not None else None
        self._types: dict[Any, Kept[Any]] = {}  # Any: a type as it is annotated

    # --- answers that are loaded when they are not there ---

    async def load(
        self,
        key: str,
        loader: Callable[[], Awaitable[T]],
        *,
        of: Any,  # Any: the type of the answers as one annotates it, a union too
        ttl: float | timedelta | None = None,
        tags: Sequence[str] = (),
        name: str = BY_HAND,
    ) -> T:
        """What is kept under the key, or what `loader` answers, which is then kept, also when it is None. An error is not kept.

        `ttl` is in seconds. Raises what `loader` raises, and nothing because of the cache.
        """
        kept: Kept[T] = self.kept(of)
        answer: T = await self.answer(self.question(key, tags, ttl, name), kept, loader)
        return answer

    def question(self, key: str, tags: Sequence[str], ttl: float | timedelta | None, name: str = BY_HAND) -> Question:
        """What is asked for."""
        return Question(key, tuple(tags), self.seconds(ttl), figures_of(name))

    async def answer(self, asked: Question, kept: Kept[T], loader: Callable[[], Awaitable[T]]) -> T:
        """As `load`, for a question that was put together before."""
        if not self.settings.enabled:
            return await loader()
        at_hand = self.at_hand(asked.key, kept, asked.figures)
        if at_hand is not MISSING:
            return at_hand  # type: ignore[no-any-return]  # it is kept as T
        self.news.listen()
        # whoever asks after an invalidation never joins a load that began before it
        flight = (asked.key, self.versions.mark(asked.marks))
        answer, is_ours = await self._flights.join(flight, lambda: self._fetch(asked, kept, loader))
        (asked.figures.in_redis if answer.was_kept else asked.figures.misses).inc()
        if is_ours or kept.is_fixed or answer.payload is None:
            return answer.value  # type: ignore[no-any-return]  # flights carry answers of any type
        return kept.decode(answer.payload)

    def at_hand(self, key: str, kept: Kept[Any], figures: Figures) -> Any:  # Any: an answer of any type, or MISSING
        """What memory holds and may be served, without waiting; MISSING when there is nothing."""
        entry = self._local.good(key, self.news.is_current)
        if entry is None:
            return MISSING
        value = entry.held
        if entry.is_encoded:
            try:
                value = kept.decode(value)
            except CannotKeep:  # kept under this key as another type
                figures.failed("value")
                return MISSING
        figures.in_memory.inc()
        return value

    # --- the service (R-232) ---

    @overload
    async def get(self, key: str, of: type[T], *, tags: Sequence[str] = ()) -> T | None: ...
    @overload
    async def get(self, key: str, of: type[T], default: D, *, tags: Sequence[str] = ()) -> T | D: ...

    async def get(self, key: str, of: type[T], default: Any = None, *, tags: Sequence[str] = ()) -> Any:
        """What is kept under the key, else the default. `tags` are those it was kept with."""
        asked, kept = self.question(key, tags, None), self.kept(of)
        if not self.settings.enabled:
            return default
        at_hand = self.at_hand(key, kept, asked.figures)
        if at_hand is not MISSING:
            return at_hand
        self.news.listen()
        began, mark = clock.monotonic(), self.versions.mark(asked.marks)
        found = await self.sharing.found(asked) if self.sharing is not None else None
        if found is not None:
            try:
                value = kept.decode(found[0])
            except CannotKeep:
                asked.figures.failed("value")
            else:
                asked.figures.in_redis.inc()
                self._local.remember(asked, kept, value, found[0], began, mark, found[1])
                return value
        asked.figures.misses.inc()
        return default

    async def set(
        self, key: str, value: T, *, of: Any = None, ttl: float | timedelta | None = None, tags: Sequence[str] = ()
    ) -> None:  # Any: see load
        """Keep a value. `of` is its type, by default that of the value. Raises TypeError for one that would not come back.

        A value that was read before an invalidation and is set after it is stale: `load` knows the difference, `set` cannot.
        """
        if not self.settings.enabled:
            return
        asked, kept = self.question(key, tags, ttl), self.kept(type(value) if of is None else of)
        try:
            payload = kept.encode(value)
        except CannotKeep as problem:
            raise TypeError(f"the cache cannot keep this value: {problem}") from problem
        self.news.listen()
        self.invalidate_words([KEY + key])  # what others hold of it goes first
        if self.sharing is not None:
            await self.news.told()
            await self.sharing.put(asked, payload, self._jittered(asked.ttl))
        self._local.remember(asked, kept, value, payload, clock.monotonic(), self.versions.mark(asked.marks), asked.ttl)

    async def delete(self, *keys: str) -> None:
        """Let go of what is kept under the keys, everywhere."""
        self.invalidate_words([KEY + key for key in keys])
        await self.news.told()

    def invalidate(self, *tags: str) -> None:
        """Let go of whatever carries one of the tags: here at once, elsewhere within a second. It never fails."""
        self.invalidate_words([EVERYTHING if tag == EVERYTHING else TAG + tag for tag in tags])

    async def invalidate_pattern(self, pattern: str) -> int:
        """Let go of every key that fits the pattern (`*`, `?`, `[a-z]`), everywhere; how many that were here, or in Redis."""
        here = sum(1 for key in self.memory if pattern_of(pattern).fullmatch(key))
        self.invalidate_words([PATTERN + pattern])
        return max(here, await self.news.told())

    def invalidate_words(self, words: Sequence[str]) -> None:
        """Take words of news for oneself, and tell the others."""
        for word in words:
            self._local.take(word)
        self.news.tell(words)

    async def stop(self) -> None:
        """Tell what was not told yet, if somebody hears it, and close what is open."""
        await self.news.stop()
        self.memory.clear()

    # --- inside ---

    def kept(self, of: Any) -> Kept[Any]:  # Any: see load
        """How answers of a type are kept. Raises TypeError for a type that cannot be."""
        found = self._types.get(of)
        if found is None:
            found = self._types[of] = Kept(of)
        return found

    async def _fetch(self, asked: Question, kept: Kept[T], loader: Callable[[], Awaitable[T]]) -> Answer[T]:
        token = secrets.token_hex(8)
        began, mark = clock.monotonic(), self.versions.mark(asked.marks)
        look = None
        if self.sharing is not None:
            began, mark, look = await self.sharing.looked(asked, token, lambda: self.versions.mark(asked.marks))
            payload = look.payload if look is not None else None
            if look is not None and payload is not None:
                try:
                    value: T = kept.decode(payload)
                except CannotKeep as problem:  # left by another version of the program
                    asked.figures.failed("value")
                    log.warn("cache_answer_unreadable", cache=asked.figures.name, reason=str(problem))
                    look = None
                else:
                    self._local.remember(asked, kept, value, payload, began, mark, look.left)
                    return Answer(value, payload, was_kept=True)
        value = await self._loaded(asked, loader, token, is_leased=look is not None and look.loads)
        try:
            payload = kept.encode(value)
        except CannotKeep as problem:
            asked.figures.failed("value")
            log.error("cache_cannot_keep", cache=asked.figures.name, reason=str(problem))
            if self.sharing is not None and look is not None:
                await self.sharing.release(asked, token)
            return Answer(value, None)
        ttl = self._jittered(asked.ttl)
        self._local.remember(asked, kept, value, payload, began, mark, ttl)
        if self.sharing is not None and look is not None:
            await self.sharing.keep(asked, look, token, payload, ttl)
        return Answer(value, payload)

    async def _loaded(self, asked: Question, loader: Callable[[], Awaitable[T]], token: str, *, is_leased: bool) -> T:
        began = clock.monotonic()
        asked.figures.loads.inc()
        try:
            if is_leased and self.sharing is not None:
                async with self.sharing.leased(asked, token):
                    return await loader()
            return await loader()
        except Exception:
            asked.figures.failed("load")
            raise
        finally:
            asked.figures.seconds.observe(clock.monotonic() - began)

    def seconds(self, ttl: float | timedelta | None) -> float:
        """How long an answer is kept; CACHE__TTL where nothing is said."""
        if ttl is None:
            return self.settings.ttl.total_seconds()
        return ttl.total_seconds() if isinstance(ttl, timedelta) else float(ttl)

    @staticmethod
    def _jittered(ttl: float) -> float:
        return ttl * (1 - JITTER * random.random())  # noqa: S311 - nothing secret
