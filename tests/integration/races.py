"""What many tries at once must come to."""

from collections import Counter
from collections.abc import Iterable

BUSY = 503  # "try again": on a loaded machine a try may wait too long for the database, and nothing happened


def assert_won_once(statuses: Iterable[int], won: int, refused: int, times: int = 1) -> None:
    """So many tries succeed, and the others are refused; those that found the database busy count as neither."""
    tries = Counter(statuses)
    tries.pop(BUSY, 0)
    assert tries.pop(won, 0) == times
    assert set(tries) == {refused}
