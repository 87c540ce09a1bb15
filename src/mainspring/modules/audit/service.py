"""Reading the trail. Writing it is core's part, in the transaction of the change."""

from collections.abc import Sequence

from mainspring.core.application import Application
from mainspring.core.audit.findings import Verdict
from mainspring.core.audit.seals import Seals
from mainspring.core.audit.verifying import Verifier
from mainspring.core.database import Page, Slice, UnitOfWork

from .repository import TRAIL
from .rows import AuditRow
from .schemas import AuditQuery


class AuditService:
    """Answers who changed what."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    async def find(self, query: AuditQuery) -> Page[AuditRow] | Slice[AuditRow]:
        """The changes that a query asks for, newest first unless it says otherwise (R-116)."""
        return await query.fetch(self.uow, TRAIL)


class CheckingTrail:
    """Tells whether the trail is as it was written."""

    def __init__(self, application: Application) -> None:
        self.verifier = Verifier(application.database, application.resolve(Seals))

    async def run(self, rows: int) -> tuple[Sequence[Verdict], int]:
        """A verdict on the newest rows of each chain, about so many in all, and how many rows have no place yet."""
        chains = await self.verifier.chains()
        newest = max(1, rows // len(chains))
        return [await self.verifier.check(chain, newest=newest) for chain in chains], await self.verifier.waiting()
