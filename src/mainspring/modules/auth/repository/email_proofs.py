"""Secrets that were mailed."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update

from mainspring.core.database import Repository, Statement, UtcDateTime, any_of, bind, insert_into

from ..models import EmailProof
from ..rows import MailedProof

COLUMNS = tuple(getattr(EmailProof, field.name) for field in fields(MailedProof))
NOW = bind("now", UtcDateTime)
OF_USER = EmailProof.user_id == bind("user_id", EmailProof.user_id)
UNUSED = EmailProof.used_at.is_(None)
PURPOSE = EmailProof.purpose == bind("purpose", EmailProof.purpose)
OPEN = (EmailProof.token_hash == bind("token_hash", EmailProof.token_hash), PURPOSE, UNUSED, EmailProof.expires_at > NOW)

ADD: Statement[None] = Statement(insert_into(EmailProof))
LOOK = Statement(select(*COLUMNS).where(*OPEN), MailedProof)
# Of any number of requests with the same secret exactly one changes the row.
CLAIM = Statement(update(EmailProof).where(*OPEN).values(used_at=NOW).returning(*COLUMNS), MailedProof)
USE_UP: Statement[None] = Statement(
    update(EmailProof).where(OF_USER, any_of(EmailProof.purpose, "purposes"), UNUSED).values(used_at=NOW)
)
COUNT_SINCE = Statement(
    select(func.count()).select_from(EmailProof).where(OF_USER, PURPOSE, EmailProof.created_at > bind("since", UtcDateTime)), int
)
TAKE_BACK: Statement[None] = Statement(
    delete(EmailProof).where(EmailProof.token_hash == bind("token_hash", EmailProof.token_hash), UNUSED)
)
FORGET: Statement[None] = Statement(delete(EmailProof).where(EmailProof.expires_at < bind("before", UtcDateTime)))


class EmailProofRepository(Repository):
    """Found by hash only."""

    async def add(self, proof: MailedProof, purpose: str, token_hash: str, now: datetime, expires_at: datetime) -> None:
        """A new one."""
        await self.uow.run(
            ADD,
            user_id=proof.user_id,
            purpose=purpose,
            address=proof.address,
            subject_id=proof.subject_id,
            token_hash=token_hash,
            created_at=now,
            expires_at=expires_at,
            used_at=None,
        )

    async def look(self, purpose: str, token_hash: str, now: datetime) -> MailedProof | None:
        """An open one; it stays open."""
        return await self.uow.one(LOOK, purpose=purpose, token_hash=token_hash, now=now)

    async def claim(self, purpose: str, token_hash: str, now: datetime) -> MailedProof | None:
        """Use it up; None for all but the first. A claim whose unit rolls back was never made."""
        return await self.uow.one(CLAIM, purpose=purpose, token_hash=token_hash, now=now)

    async def use_up(self, user_id: UUID, purposes: Sequence[str], now: datetime) -> None:
        """Use up every open one of the user."""
        await self.uow.run(USE_UP, user_id=user_id, purposes=list(purposes), now=now)

    async def count_since(self, user_id: UUID, purpose: str, since: datetime) -> int:
        """How many the user was mailed since a moment."""
        return await self.uow.value(COUNT_SINCE, user_id=user_id, purpose=purpose, since=since) or 0

    async def take_back(self, token_hash: str) -> None:
        """Delete one that nobody got."""
        await self.uow.run(TAKE_BACK, token_hash=token_hash)

    async def forget(self, before: datetime) -> int:
        """Delete those that expired before a moment; how many."""
        return await self.uow.run(FORGET, before=before)
