"""Accounts whose owners want them gone, and everything that auth keeps about somebody."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, delete, select

from mainspring.core.database import Repository, Statement, UtcDateTime, bind, insert_into

from ..models import (
    AccountDeletion,
    CodeGuess,
    Credential,
    DataExport,
    EmailChange,
    EmailProof,
    MfaChallenge,
    Passkey,
    RecoveryCode,
    Session,
    TotpFactor,
)

USER_ID = bind("user_id", AccountDeletion.user_id)
DUE = AccountDeletion.due_at <= bind("now", UtcDateTime)

ADD: Statement[None] = Statement(insert_into(AccountDeletion).on_conflict_do_nothing(index_elements=[AccountDeletion.user_id]))
DUE_AT = Statement(select(AccountDeletion.due_at).where(AccountDeletion.user_id == USER_ID), datetime)
CANCEL: Statement[None] = Statement(delete(AccountDeletion).where(AccountDeletion.user_id == USER_ID))
FIND_DUE = Statement(
    select(AccountDeletion.user_id).where(DUE).order_by(AccountDeletion.due_at).limit(bind("most", BigInteger)), UUID
)
# The sign-in that takes the wish back and the job that carries it out: whoever deletes the row decides.
CLAIM: Statement[None] = Statement(delete(AccountDeletion).where(AccountDeletion.user_id == USER_ID, DUE))
ROWS_OF_USER: Sequence[Statement[None]] = tuple(
    Statement(delete(table).where(table.user_id == USER_ID))
    for table in (
        Credential,
        Session,
        TotpFactor,
        RecoveryCode,
        Passkey,
        MfaChallenge,
        CodeGuess,
        EmailProof,
        EmailChange,
        DataExport,
    )
)


class DeletionRepository(Repository):
    """At most one wish a user."""

    async def add(self, user_id: UUID, now: datetime, due_at: datetime) -> None:
        """A new wish; an older one stays as it is."""
        await self.uow.run(ADD, user_id=user_id, created_at=now, due_at=due_at)

    async def due_at(self, user_id: UUID) -> datetime | None:
        """When the account goes; None when nobody wished that."""
        return await self.uow.value(DUE_AT, user_id=user_id)

    async def cancel(self, user_id: UUID) -> bool:
        """Take the wish back; whether there was one."""
        return await self.uow.run(CANCEL, user_id=user_id) == 1

    async def due(self, now: datetime, most: int) -> list[UUID]:
        """Users whose time is over, the longest first."""
        return await self.uow.all(FIND_DUE, now=now, most=most)

    async def claim(self, user_id: UUID, now: datetime) -> bool:
        """Carry the wish out; False when it was taken back, or another process does."""
        return await self.uow.run(CLAIM, user_id=user_id, now=now) == 1

    async def erase(self, user_id: UUID) -> None:
        """Every row about the user; refresh tokens go with their sessions."""
        for statement in ROWS_OF_USER:
            await self.uow.run(statement, user_id=user_id)
