"""What a worker has instead of looking at the table: a broker to wait for, and a lookout that one process at a time keeps."""

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Self

from ...locks import Duty, Lease
from .lookout import Lookout
from .ports import JobCarrier
from .posting import Poster
from .receiving import CarriedSource

if TYPE_CHECKING:
    from ...application import Application
    from ..taking import Taker

LEASE = "jobs lookout"


class CarriedWork:
    """The parts of a worker that JOBS__TRANSPORT adds."""

    def __init__(self, application: "Application", takers: Sequence["Taker"], queues: Sequence[str], concurrency: int) -> None:
        databases = application.databases
        by_name = {name: taker for name, database in databases.items() for taker in takers if taker.database is database}
        carrier = application.resolve(JobCarrier)
        self.source = CarriedSource(carrier, by_name, queues, concurrency)
        self._lookout = Lookout(databases, carrier, application.resolve(Poster))
        self._lease = Lease(application.database, LEASE)
        self._duty: Duty | None = None
        for taker in takers:
            taker.keeps_time = False

    @classmethod
    def of(cls, application: "Application", takers: Sequence["Taker"], queues: Sequence[str], concurrency: int) -> Self | None:
        """None when the database itself carries the work."""
        return cls(application, takers, queues, concurrency) if JobCarrier in application.ports else None

    def start(self, *duties: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Receive, and do what one process at a time does for all: `duties` and the lookout."""
        self.source.start()
        self._duty = Duty(self._lease, self._lookout.run, *duties)
        self._duty.start()

    async def stop(self) -> None:
        """Take no more work on, and leave the duties to others."""
        await self.source.stop()
        if self._duty is not None:
            await self._duty.stop()
            self._duty = None
