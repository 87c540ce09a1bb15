"""The empty job."""

from dataclasses import dataclass

from mainspring.core.jobs import job

from ..contender import SEEN


@dataclass(frozen=True, slots=True)
class DoNothing:
    """Which one."""

    number: int


@job()
async def nothing(order: DoNothing) -> None:
    """Only be seen."""
    SEEN.began(order.number)
