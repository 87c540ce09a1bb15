"""Recovery codes, as hashes."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update

from mainspring.core.database import Repository, Statement, UtcDateTime, bind, insert_into

from ..models import RecoveryCode

OF_USER = RecoveryCode.user_id == bind("user_id", RecoveryCode.user_id)
UNUSED = RecoveryCode.used_at.is_(None)

ADD: Statement[None] = Statement(insert_into(RecoveryCode))
REMOVE: Statement[None] = Statement(delete(RecoveryCode).where(OF_USER))
LEFT = Statement(select(func.count(RecoveryCode.id)).where(OF_USER, UNUSED), int)
# Of any number of requests with the same code exactly one changes its row.
USE: Statement[None] = Statement(
    update(RecoveryCode)
    .where(OF_USER, UNUSED, RecoveryCode.code_hash == bind("code_hash", RecoveryCode.code_hash))
    .values(used_at=bind("now", UtcDateTime))
)


class RecoveryCodeRepository(Repository):
    """The codes of a user, all made at once."""

    async def replace(self, user_id: UUID, code_hashes: Iterable[str], now: datetime) -> None:
        """Other codes; the ones there were are worth nothing any more."""
        await self.remove(user_id)
        rows = [{"user_id": user_id, "code_hash": hashed, "created_at": now, "used_at": None} for hashed in code_hashes]
        await self.uow.run_many(ADD, rows)

    async def use(self, user_id: UUID, hashed: str, now: datetime) -> bool:
        """Use a code up; False when there is no such code, or it was used."""
        return await self.uow.run(USE, user_id=user_id, code_hash=hashed, now=now) == 1

    async def left(self, user_id: UUID) -> int:
        """How many were not used."""
        return await self.uow.value(LEFT, user_id=user_id) or 0

    async def remove(self, user_id: UUID) -> None:
        """No codes."""
        await self.uow.run(REMOVE, user_id=user_id)
