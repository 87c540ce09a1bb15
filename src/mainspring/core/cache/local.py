"""What this process knows: answers in memory, where their tags are, and which of them are still good."""

from collections.abc import Callable, Iterable
from typing import Any

from .. import clock
from .figures import BYTES, ENTRIES
from .memory import Entry, Memory
from .patterns import pattern_of
from .ports import KEY, PATTERN, TAG
from .question import Question
from .values import Kept
from .versions import Mark, Versions


class Local:
    """Memory and versions together. `under_way` tells the keys that are being loaded, which patterns must reach too."""

    def __init__(self, memory: Memory, versions: Versions, under_way: Callable[[], Iterable[str]]) -> None:
        self.memory, self.versions, self._under_way = memory, versions, under_way

    def take(self, word: str) -> None:
        """Do what a word of news says: `*`, `#tag`, `=key`, `?pattern`."""
        kind, text = word[:1], word[1:]
        if kind == TAG:
            self.versions.bump(text)
        elif kind == KEY:
            self.memory.drop(text)
            self.versions.bump(word)
        elif kind == PATTERN:
            pattern = pattern_of(text)
            for key in {*self.memory, *self._under_way()}:
                if pattern.fullmatch(key):
                    self.take(KEY + key)
        else:
            self.versions.bump_everything()
            self.memory.clear()

    def good(self, key: str, is_current: Callable[[float, float], bool]) -> Entry | None:
        """The entry of a key, if it may be served. `is_current` hears the news, and tells whether memory may be believed."""
        entry = self.memory.get(key)
        if entry is None:
            return None
        now = clock.monotonic()
        if not is_current(entry.began, now) or self.memory.get(key) is not entry:
            return None
        if now >= entry.expires:
            self.memory.drop(key)
            return None
        if entry.change != self.versions.change:
            if self.versions.mark(entry.tags) != entry.mark:
                self.memory.drop(key)
                return None
            entry.change = self.versions.change
        self.memory.used(key, entry)
        return entry

    def remember(
        self, asked: Question, kept: Kept[Any], value: Any, payload: bytes, began: float, mark: Mark, ttl: float
    ) -> None:  # Any: an answer of any type
        """Keep an answer that began to be loaded at `began`, unless something was invalidated since the mark."""
        if self.versions.mark(asked.marks) != mark:
            return
        entry = Entry(
            value if kept.is_fixed else payload,
            is_encoded=not kept.is_fixed,
            size=len(payload) + len(asked.key),
            tags=asked.marks,
            mark=mark,
            began=began,
            expires=clock.monotonic() + ttl,
        )
        entry.change = self.versions.change
        self.memory.put(asked.key, entry)
        ENTRIES.set(len(self.memory))
        BYTES.set(self.memory.bytes)
