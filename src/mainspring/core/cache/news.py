"""Hearing what other processes invalidated, telling them what we did, and knowing how fresh what we know is."""

import asyncio
import contextvars
from collections.abc import Callable, Collection

from .. import clock, tasks
from ..errors import Unavailable
from ..observability.logs import get_logger
from .patterns import pattern_of
from .ports import EVERYTHING, KEY, PATTERN, TAG, Board, News, Shared

EVERY_FILE = 0.02  # seconds between two looks at the file of the machine
EVERY_SHARED = 0.2  # seconds between two questions to Redis
BELIEVED = 0.5  # seconds for which memory is believed after news were heard
ALONE = 0.8  # seconds for which an answer is believed when no news come; with the rest together under one
AGAIN_FILE, AGAIN_SHARED = 2.0, 0.2  # seconds before words are told again that nobody took
MOST_UNTOLD = 10_000

log = get_logger(__name__)


class Newsroom:
    """Calls `take` for each word that others told. Without a board and without Redis nobody else is there."""

    def __init__(self, take: Callable[[str], None], *, board: Board | None = None, shared: Shared | None = None) -> None:
        self._take, self._board, self._shared = take, board, shared
        self._heard = float("-inf")  # the moment up to which everything was heard
        self._looked = float("-inf")
        self._untold: dict[str, int] = {}
        self._number = 0
        self._sending = asyncio.Lock()
        self._hearing_task: asyncio.Task[None] | None = None
        self._telling_task: asyncio.Task[None] | None = None
        self._is_deaf = False

    def listen(self) -> None:
        """Begin to hear, before something is loaded that is to be kept."""
        if self._board is not None:
            self._look(clock.monotonic())
        elif self._shared is not None and self._hearing_task is None:
            self._hearing_task = tasks.start(self._hearing(), name="news of the cache", context=contextvars.Context())

    def is_current(self, began: float, now: float) -> bool:
        """Whether an answer whose loading began at `began` is less than a second behind, as far as news go."""
        if self._board is not None:
            self._look(now)
        elif self._shared is None:
            return True
        return now - self._heard < BELIEVED or now - began < ALONE

    def tell(self, words: Collection[str]) -> None:
        """Tell the others, now or as soon as they can be reached."""
        if self._board is None and self._shared is None:
            return
        if len(self._untold) + len(words) > MOST_UNTOLD:
            words = (EVERYTHING,)
            self._untold.clear()
        self._number += 1
        for word in words:
            self._untold[word] = self._number
        if self._board is not None and self._telling_task is None:
            self._tell_board(self._board)
        if self._untold and self._telling_task is None:
            self._telling_task = tasks.start(self._telling(), name="tell of the cache", context=contextvars.Context())

    def is_untold(self, key: str, tags: Collection[str]) -> bool:
        """Whether others may still hold for good what is not good any more."""
        if not self._untold:
            return False
        if EVERYTHING in self._untold or KEY + key in self._untold or any(TAG + tag in self._untold for tag in tags):
            return True
        return any(word[0] == PATTERN and pattern_of(word[1:]).fullmatch(key) for word in self._untold)

    @property
    def has_told_all(self) -> bool:
        """Whether nobody is left to be told."""
        return not self._untold

    async def told(self) -> int:
        """Wait until everything was told, unless nobody can be reached; how many answers were removed by keys and patterns."""
        try:
            return await self._send()
        except Unavailable:
            return 0

    async def stop(self) -> None:
        """Tell what is left, and hear no more."""
        await self.told()
        if self._untold:
            log.warn("cache_words_untold", words=len(self._untold))
        for task in (self._hearing_task, self._telling_task):
            if task is not None:
                await tasks.stop(task)
        self._hearing_task = self._telling_task = None
        if self._shared is not None:
            await self._shared.close()

    def _look(self, now: float) -> None:
        """Read the news of the machine, when the last time was over 20 ms ago."""
        if now - self._looked < EVERY_FILE or self._board is None:
            return
        self._looked = now
        try:
            news = self._board.hear()
        except Unavailable:
            if not self._is_deaf:
                log.warn("cache_hears_nothing", store="runtime.db")
            self._is_deaf = True
            return
        self._took(news, now)

    def _took(self, news: News, now: float) -> None:
        if news.everything:
            self._take(EVERYTHING)
        for word in news.words:
            self._take(word)
        self._heard, self._is_deaf = now, False

    async def _hearing(self) -> None:
        assert self._shared is not None  # noqa: S101 - the task is started with it only
        while True:
            tasks.heed_cancellation()
            now = clock.monotonic()
            try:
                news = await self._shared.hear()
            except Unavailable:
                pass  # the link tells of it, and memory is not believed meanwhile
            else:
                self._took(news, now)
            await asyncio.sleep(EVERY_SHARED)

    async def _telling(self) -> None:
        try:
            while self._untold:
                tasks.heed_cancellation()
                try:
                    await self._send()
                except Unavailable:
                    await asyncio.sleep(AGAIN_SHARED if self._board is None else AGAIN_FILE)
        finally:
            self._telling_task = None

    async def _send(self) -> int:
        if self._board is not None:
            self._tell_board(self._board)
            if self._untold:
                raise Unavailable
            return 0
        if self._shared is None:
            return 0
        async with self._sending:
            batch = dict(self._untold)
            removed = await self._shared.tell(batch) if batch else 0
            for word, number in batch.items():
                if self._untold.get(word) == number:  # else it was said again meanwhile
                    del self._untold[word]
            return removed

    def _tell_board(self, board: Board) -> None:
        if not self._untold:
            return
        try:
            board.tell(self._untold)
        except Unavailable:
            log.warn("cache_tells_nobody", store="runtime.db", words=len(self._untold))
        else:
            self._untold.clear()
