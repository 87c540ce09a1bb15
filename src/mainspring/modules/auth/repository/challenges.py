"""First proofs that wait for the second factor."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select

from mainspring.core.database import Repository, Statement, UtcDateTime, any_of, bind, insert_into

from ..models import MfaChallenge
from ..rows import Challenge

OF_USER = MfaChallenge.user_id == bind("user_id", MfaChallenge.user_id)
OPEN = (
    MfaChallenge.token_hash == bind("token_hash", MfaChallenge.token_hash),
    MfaChallenge.expires_at > bind("now", UtcDateTime),
)
COLUMNS = (MfaChallenge.user_id, MfaChallenge.method, MfaChallenge.transport, MfaChallenge.origin_id)

ADD: Statement[None] = Statement(insert_into(MfaChallenge))
FORGET_EXPIRED: Statement[None] = Statement(
    delete(MfaChallenge).where(OF_USER, MfaChallenge.expires_at <= bind("now", UtcDateTime))
)
FORGET_ALL: Statement[None] = Statement(delete(MfaChallenge).where(OF_USER))
FORGET_OF_ORIGINS: Statement[None] = Statement(delete(MfaChallenge).where(OF_USER, any_of(MfaChallenge.origin_id, "origin_ids")))
LOOK = Statement(select(*COLUMNS).where(*OPEN), Challenge)
# Of any number of requests with the same token exactly one finds the row.
CLAIM = Statement(delete(MfaChallenge).where(*OPEN).returning(*COLUMNS), Challenge)


class ChallengeRepository(Repository):
    """Found by hash only."""

    async def add(self, challenge: Challenge, token_hash: str, now: datetime, expires_at: datetime) -> None:
        """A new one. The user's expired ones go on the way."""
        await self.uow.run(FORGET_EXPIRED, user_id=challenge.user_id, now=now)
        await self.uow.run(
            ADD,
            token_hash=token_hash,
            user_id=challenge.user_id,
            method=challenge.method,
            transport=challenge.transport,
            origin_id=challenge.origin_id,
            created_at=now,
            expires_at=expires_at,
        )

    async def look(self, token_hash: str, now: datetime) -> Challenge | None:
        """An open one; it stays open."""
        return await self.uow.one(LOOK, token_hash=token_hash, now=now)

    async def claim(self, token_hash: str, now: datetime) -> Challenge | None:
        """Use it up; None for all but the first. A claim whose unit rolls back was never made."""
        return await self.uow.one(CLAIM, token_hash=token_hash, now=now)

    async def forget_all(self, user_id: UUID) -> None:
        """Take back every open one of the user, as when the first factor changes."""
        await self.uow.run(FORGET_ALL, user_id=user_id)

    async def forget_of_origins(self, user_id: UUID, origin_ids: Sequence[UUID]) -> None:
        """Take back those of the user that began at these origins."""
        await self.uow.run(FORGET_OF_ORIGINS, user_id=user_id, origin_ids=list(origin_ids))
