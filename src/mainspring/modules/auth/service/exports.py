"""What is kept about a user, for him to take along: asked for, made by a job, kept for a week."""

import json
import zlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from mainspring.core import clock
from mainspring.core.database import UnitOfWork
from mainspring.core.personal_data import every_row
from mainspring.modules.notifications.service import NotificationService

from ..errors import ExportNotFound
from ..events import SECURITY, DataExportAsked
from ..repository import SESSIONS, ExportRepository
from ..rows import ExportRow
from ..schemas import MakeExport
from .factors import FactorService
from .holding import hold_admissions

KEPT = timedelta(days=7)
PATIENCE = timedelta(hours=1)


class ExportService:
    """Archives of a user, for himself alone."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.exports = ExportRepository(uow)

    async def ask(self, user_id: UUID) -> ExportRow:
        """Have one made; the one that is being made, if it was asked for lately."""
        await hold_admissions(self.uow, user_id)  # two at once are one
        now = clock.now()
        if (running := await self.exports.being_made(user_id, now - PATIENCE)) is not None:
            return running
        row = await self.exports.add(user_id, now, now + KEPT)
        self.uow.enqueue(MakeExport(row.id, user_id), owner_id=user_id)
        self.uow.publish(DataExportAsked(user_id))
        return row

    async def get(self, id: UUID, user_id: UUID) -> ExportRow:
        """One of the user's archives. Raises ExportNotFound."""
        row = await self.exports.find(id, user_id, clock.now())
        if row is None:
            raise ExportNotFound(id)
        return row

    async def is_wanted(self, order: MakeExport) -> bool:
        """Whether the archive still waits for its content; it does not once its owner was erased."""
        row = await self.exports.find(order.export_id, order.user_id, clock.now())
        return row is not None and row.content is None

    async def fill(self, order: MakeExport, data: Mapping[str, Any]) -> None:
        """Keep what was collected and tell the user, once however often the job runs."""
        if await self.exports.fill(order.export_id, order.user_id, packed(data), clock.now()):
            body = "It is kept for seven days. If it was not you who asked for it, set a new password."
            title, link = "The archive of your data is ready", {"exportId": order.export_id}
            await NotificationService(self.uow).notify(order.user_id, SECURITY, title, body, link)

    async def forget_expired(self) -> int:
        """Delete archives whose time is over; how many."""
        return await self.exports.forget(clock.now())


def packed(data: Mapping[str, Any]) -> bytes:
    """JSON, packed."""
    return zlib.compress(json.dumps(data, ensure_ascii=False).encode())


def unpacked(content: bytes | None) -> dict[str, Any] | None:
    """What was packed; None while it is being made."""
    if content is None:
        return None
    found: dict[str, Any] = json.loads(zlib.decompress(content))
    return found


async def personal_data(uow: UnitOfWork, user_id: UUID) -> dict[str, Any]:
    """Sessions and second factors, without any secret."""
    sessions = await every_row(uow, SESSIONS, user_id=user_id, now=clock.now())
    return {"sessions": sessions, "second_factors": list(await FactorService(uow).methods_of(user_id))}
