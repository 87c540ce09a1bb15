"""What all machines count in together, when there is such a thing: Redis. Without it each machine counts for its share."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from .lending import Lent, Wish


@dataclass(frozen=True, slots=True)
class Look:
    """What there is of failures: `refused` says for how many seconds there are too many, `is_full` that those under way would
    be too many if they failed; `failed` is how many of the first key did."""

    refused: float | None
    is_full: bool
    failed: int


class Common(Protocol):
    """Counts for all machines. Every method raises Unavailable when it does not answer at once."""

    @property
    def is_up(self) -> bool:
        """Whether it answered lately."""
        ...

    @property
    def machines(self) -> int:
        """How many machines counted in it lately, this one among them."""
        ...

    def on_return(self, deed: Callable[[], Awaitable[None]]) -> None:
        """Await `deed` each time it answers again after it did not."""
        ...

    async def start(self) -> None:
        """Say that this machine is here. Raises nothing."""
        ...

    async def ping(self) -> None:
        """Ask whether it answers."""
        ...

    async def lend(self, key: str, wish: Wish) -> Lent:
        """Settle a wish with a tally."""
        ...

    async def look(self, limits: Mapping[str, int], window: float) -> Look:
        """Count the failures of each key."""
        ...

    async def begin(self, limits: Mapping[str, int], window: float, lease: float, attempt: str) -> Look:
        """Count the failures, and note an attempt under way for at most `lease` seconds unless one too many failed already."""
        ...

    async def fail(self, keys: Sequence[str], window: float, attempt: str) -> list[int]:
        """Note that an attempt failed; how many now did, by key."""
        ...

    async def forget(self, keys: Sequence[str], attempt: str) -> None:
        """Take back that an attempt is under way."""
        ...

    async def add(self, failures: Sequence[tuple[str, float, str]], window: float) -> None:
        """Note failures that were counted elsewhere: key, seconds ago, attempt. Those that are known change nothing."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...
