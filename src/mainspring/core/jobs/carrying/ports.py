"""What jobs need of a broker. The adapters answer it, chosen by JOBS__TRANSPORT."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import orjson


@dataclass(frozen=True, slots=True)
class Ticket:
    """Word that a row of a queue is ready. The row is the record, so one ticket too many does nothing.

    Without `job` it says that there is something, and whoever gets it looks at the table.
    """

    queue: str
    job: UUID | None = None
    priority: int = 0
    database: str = "default"

    def written(self) -> bytes:
        """What the broker carries."""
        return orjson.dumps(
            {"queue": self.queue, "job": self.job and str(self.job), "priority": self.priority, "database": self.database}
        )

    @classmethod
    def read(cls, body: bytes) -> "Ticket":
        """What was carried. Raises ValueError for anything else."""
        held: Any = orjson.loads(body)
        try:
            job = None if held["job"] is None else UUID(held["job"])
            return cls(str(held["queue"]), job, int(held["priority"]), str(held["database"]))
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError("no ticket") from error


@dataclass(frozen=True, slots=True, eq=False)
class Handed:
    """A ticket that this process got. Once `acknowledge` has been awaited the broker forgets it; otherwise it comes again."""

    ticket: Ticket
    acknowledge: Callable[[], Awaitable[None]]


class JobCarrier(Protocol):
    """Carries tickets between the processes of one application."""

    async def send(self, tickets: Sequence[Ticket]) -> None:
        """Return when the broker has confirmed all of them. Raises what its client raises; some may have been sent then."""

    async def receive(self, queues: Sequence[str], most: int, hand: Callable[[Handed], None], ready: Callable[[], None]) -> None:
        """Hand over tickets until cancelled, at most `most` that are not acknowledged; `ready` is called once that has begun.

        Raises when the broker is lost.
        """

    async def waiting(self, queue: str) -> int:
        """How many tickets of the queue nobody has got yet."""

    async def close(self) -> None:
        """Let go of the connection for sending."""
