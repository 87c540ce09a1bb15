"""What is asked of the cache, and what comes back."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from .figures import Figures
from .ports import KEY

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for: the key, the tags of the answer, how long it is kept in seconds, and the name it is counted under."""

    key: str
    tags: tuple[str, ...]
    ttl: float
    figures: Figures

    @property
    def marks(self) -> tuple[str, ...]:
        """What the answer depends on in this process: its tags, and its own key."""
        return (*self.tags, KEY + self.key)


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """An answer with its JSON, where it can be kept; `was_kept` says that nobody had to load it."""

    value: T
    payload: bytes | None
    was_kept: bool = False
