"""How processes that share a database wake each other: a hint that something was committed, never the only way to learn of it."""

from collections.abc import Callable, Iterable
from typing import Protocol

EVERYTHING: frozenset[str] = frozenset("*")  # what is heard when nobody knows what was told: look at all of it

Heard = Callable[[frozenset[str]], None]


class Signals(Protocol):
    """Words told in one process and heard in the others. Some may get lost, and `EVERYTHING` may be heard at any time."""

    def tell(self, words: Iterable[str]) -> None:
        """Tell the other processes, soon; call it after the commit. Words are short and hold no space."""

    def listen(self, heard: Heard) -> Callable[[], None]:
        """Call `heard` on the event loop for what others tell; the answer ends it."""

    async def stop(self) -> None:
        """Tell and hear no more."""
