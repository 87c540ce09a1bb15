"""Answers in the memory of this process, the least recently used leaving first (R-235)."""

from collections.abc import Iterator
from typing import Any

from .versions import Mark

OVERHEAD = 400  # bytes that an entry costs beside its JSON


class Entry:
    """One answer: the object itself when nobody can change it, else its JSON. Moments are those of the monotonic clock.

    `began` is when its loading began, `change` the change of the versions for which the mark was last compared.
    """

    __slots__ = ("began", "change", "expires", "held", "is_encoded", "mark", "size", "tags")

    def __init__(
        self, held: Any, *, is_encoded: bool, size: int, tags: tuple[str, ...], mark: Mark, began: float, expires: float
    ) -> None:
        self.held, self.is_encoded, self.size = held, is_encoded, size + OVERHEAD
        self.tags, self.mark, self.change = tags, mark, -1
        self.began, self.expires = began, expires


class Memory:
    """At most so many entries and bytes."""

    def __init__(self, most_entries: int, most_bytes: int) -> None:
        self.most_entries, self.most_bytes = most_entries, most_bytes
        self.bytes = 0
        self._entries: dict[str, Entry] = {}  # the least recently used first

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._entries))

    def get(self, key: str) -> Entry | None:
        """The entry, good or not; `used` tells that it served."""
        return self._entries.get(key)

    def used(self, key: str, entry: Entry) -> None:
        """Move it to the end of those that leave."""
        del self._entries[key]
        self._entries[key] = entry

    def put(self, key: str, entry: Entry) -> None:
        """Keep it, and let go of what does not fit any more. One that alone is larger than all that may be kept is not kept."""
        self.drop(key)
        if entry.size > self.most_bytes:
            return
        self._entries[key] = entry
        self.bytes += entry.size
        while len(self._entries) > self.most_entries or self.bytes > self.most_bytes:
            self.drop(next(iter(self._entries)))

    def drop(self, key: str) -> None:
        """Let it go."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.bytes -= entry.size

    def clear(self) -> None:
        """Let everything go."""
        self._entries.clear()
        self.bytes = 0
