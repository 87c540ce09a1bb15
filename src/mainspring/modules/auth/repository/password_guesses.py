"""Tries at passwords."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select

from mainspring.core.database import Repository, Statement, UtcDateTime, bind, insert_into

from ..models import PasswordGuess

OF_ACCOUNT = PasswordGuess.account == bind("account", PasswordGuess.account)
LATER = PasswordGuess.created_at > bind("since", UtcDateTime)

SINCE = Statement(select(PasswordGuess.created_at).where(OF_ACCOUNT, LATER).order_by(PasswordGuess.created_at), datetime)
ADD: Statement[None] = Statement(insert_into(PasswordGuess))
FORGET: Statement[None] = Statement(delete(PasswordGuess).where(PasswordGuess.id == bind("id", PasswordGuess.id)))
CLEAR: Statement[None] = Statement(delete(PasswordGuess).where(OF_ACCOUNT))
FORGET_OLD: Statement[None] = Statement(delete(PasswordGuess).where(PasswordGuess.created_at <= bind("before", UtcDateTime)))


class PasswordGuessRepository(Repository):
    """Counted by account, which need not exist."""

    async def since(self, account: str, since: datetime) -> list[datetime]:
        """When each try after a moment was, the oldest first."""
        return await self.uow.all(SINCE, account=account, since=since)

    async def add(self, id: UUID, account: str, now: datetime) -> None:
        """One more."""
        await self.uow.run(ADD, id=id, account=account, created_at=now)

    async def forget(self, id: UUID) -> None:
        """One that was right."""
        await self.uow.run(FORGET, id=id)

    async def clear(self, account: str) -> None:
        """All of an account."""
        await self.uow.run(CLEAR, account=account)

    async def forget_old(self, before: datetime) -> int:
        """Those before a moment; how many."""
        return await self.uow.run(FORGET_OLD, before=before)
