"""How often each tag was invalidated, as far as this process has heard. An answer is good while its tags are where they were."""

from collections.abc import Sequence

Mark = tuple[int, ...]
MOST_TAGS = 100_000


class Versions:
    """Counts invalidations by tag. `change` is another number after each of them."""

    def __init__(self, most: int = MOST_TAGS) -> None:
        self.change = 0
        self._everything = 0
        self._most = most
        self._counts: dict[str, int] = {}

    def mark(self, tags: Sequence[str]) -> Mark:
        """Where the tags are now. Take it before loading, and compare it afterwards."""
        count = self._counts.get
        return (self._everything, *[count(tag, 0) for tag in tags])

    def bump(self, tag: str) -> None:
        """Invalidate whatever carries the tag."""
        if len(self._counts) >= self._most and tag not in self._counts:
            self.bump_everything()
            return
        self.change += 1
        self._counts[tag] = self._counts.get(tag, 0) + 1

    def bump_everything(self) -> None:
        """Invalidate all there is."""
        self.change += 1
        self._everything += 1
        self._counts.clear()
