"""What a database tells about itself at a scrape of the metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DatabaseFigures:
    """Of one process: who waits, connections by state, and commits so far where we count them."""

    waiting: int = 0
    connections: Mapping[str, int] = field(default_factory=dict)
    commits: int | None = None
