"""Where processes meet: news of what was invalidated, and answers that all machines share, when there is Redis."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

EVERYTHING = "*"
TAG, KEY, PATTERN = "#", "=", "?"  # the first character of a word of news


@dataclass(frozen=True, slots=True)
class News:
    """What others invalidated: `#tag`, `=key`, `?pattern`; `everything` when something may have been missed."""

    words: Sequence[str] = ()
    everything: bool = False


NOTHING_NEW = News()


@dataclass(frozen=True, slots=True)
class Look:
    """What is shared under a key. `stamp` tells where its tags are; it is handed back when an answer is kept.

    Without a `payload`, `loads` says that the asker is the one who loads, and nobody else does so until its lease ends.
    """

    stamp: str
    payload: bytes | None
    left: float
    loads: bool


class Board(Protocol):
    """News among the processes of one machine, read at once. Both methods raise Unavailable when the file cannot be used."""

    def tell(self, words: Collection[str]) -> None:
        """Tell the others."""
        ...

    def hear(self) -> News:
        """What others told since the last time."""
        ...


class Shared(Protocol):
    """Answers and news for all machines. Every method but `close` raises Unavailable when it does not answer at once."""

    async def look(self, key: str, tags: Sequence[str], token: str, lease: float) -> Look:
        """What is kept under a key, if its tags are where they were; else who loads. `token` is that of the load."""
        ...

    async def keep(self, key: str, tags: Sequence[str], look: Look, token: str, payload: bytes, ttl: float) -> bool:
        """Keep an answer and end the lease; False when a tag moved since the look, or the lease is another's by now."""
        ...

    async def put(self, key: str, tags: Sequence[str], payload: bytes, ttl: float) -> None:
        """Keep an answer, whatever there was."""
        ...

    async def renew(self, key: str, token: str, lease: float) -> None:
        """Make the lease as long as it was."""
        ...

    async def release(self, key: str, token: str) -> None:
        """End the lease: the load failed."""
        ...

    async def tell(self, words: Collection[str]) -> int:
        """Invalidate, and tell the others; how many answers were removed by keys and patterns."""
        ...

    async def hear(self) -> News:
        """What others told since the last time."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...
