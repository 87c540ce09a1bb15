"""Archives of what is kept about users."""

from dataclasses import fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update

from mainspring.core.database import Repository, Statement, UtcDateTime, bind, insert_into

from ..models import DataExport
from ..rows import ExportRow

COLUMNS = tuple(getattr(DataExport, field.name) for field in fields(ExportRow))
OF_USER = DataExport.user_id == bind("user_id", DataExport.user_id)
ONE = (DataExport.id == bind("id", DataExport.id), OF_USER, DataExport.expires_at > bind("now", UtcDateTime))

ADD = Statement(insert_into(DataExport).returning(*COLUMNS), ExportRow)
FIND = Statement(select(*COLUMNS).where(*ONE), ExportRow)
BEING_MADE = Statement(
    select(*COLUMNS).where(OF_USER, DataExport.content.is_(None), DataExport.created_at > bind("since", UtcDateTime)), ExportRow
)
FILL: Statement[None] = Statement(
    update(DataExport).where(*ONE, DataExport.content.is_(None)).values(content=bind("content", DataExport.content))
)
FORGET: Statement[None] = Statement(delete(DataExport).where(DataExport.expires_at <= bind("now", UtcDateTime)))


class ExportRepository(Repository):
    """Found by archive and user, so a stranger's is not there."""

    async def add(self, user_id: UUID, now: datetime, expires_at: datetime) -> ExportRow:
        """One that a job is going to fill."""
        return await self.uow.only(ADD, user_id=user_id, content=None, created_at=now, expires_at=expires_at)

    async def find(self, id: UUID, user_id: UUID, now: datetime) -> ExportRow | None:
        """An archive that is still kept."""
        return await self.uow.one(FIND, id=id, user_id=user_id, now=now)

    async def being_made(self, user_id: UUID, since: datetime) -> ExportRow | None:
        """One that was asked for since a moment and is not filled."""
        return await self.uow.one(BEING_MADE, user_id=user_id, since=since)

    async def fill(self, id: UUID, user_id: UUID, content: bytes, now: datetime) -> bool:
        """Keep what was collected; False when that happened before."""
        return await self.uow.run(FILL, id=id, user_id=user_id, content=content, now=now) == 1

    async def forget(self, now: datetime) -> int:
        """Delete those whose time is over; how many."""
        return await self.uow.run(FORGET, now=now)
