"""Who is told when an attempt ends: metrics and statistics hang here."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from ..database.unit_of_work import UnitOfWork
from ..observability.logs import get_logger

log = get_logger(__name__)
How = Literal["done", "failed", "dead", "cancelled", "snoozed", "crashed"]


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt that ended: how long it ran, and how long the row had waited since it was due. Given-back ones are not told."""

    id: UUID
    name: str
    queue: str
    how: How
    seconds: float
    waited_seconds: float


class JobObservers:
    """Functions called on the event loop with every attempt that ended here; and those that write with each heartbeat."""

    def __init__(self) -> None:
        self.ended: list[Callable[[Ended], None]] = []
        self.beating: list[Callable[[UnitOfWork], Awaitable[None]]] = []

    def tell(self, ended: Ended) -> None:
        """Call everybody; who fails is logged."""
        for observer in self.ended:
            try:
                observer(ended)
            except Exception:
                log.exception("job_observer_failed")
