"""Reading the trail. Writing it is core's part, in the transaction of the change."""

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
