"""The questions to the database about API keys."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update

from mainspring.core.database import Listing, Repository, Statement, UtcDateTime, any_of, bind, insert_into, update_of

from .models import ApiKey, ApiKeyTally
from .rows import KeyRow, OpeningRow, TallyRow

NOW = bind("now", UtcDateTime)
KEY = tuple(getattr(ApiKey, field.name) for field in fields(KeyRow))
OPENING = tuple(getattr(ApiKey, field.name) for field in fields(OpeningRow))
THIS = ApiKey.id == bind("id", ApiKey.id)
OF_USER = ApiKey.user_id == bind("user_id", ApiKey.user_id)
NOT_REVOKED = ApiKey.revoked_at.is_(None)

OPENINGS = Statement(select(*OPENING).where(any_of(ApiKey.id, "ids")), OpeningRow)
BY_ID = Statement(select(*KEY).where(THIS, NOT_REVOKED), KeyRow)
COUNT_LIVING = Statement(select(func.count()).select_from(ApiKey).where(OF_USER, NOT_REVOKED, ApiKey.expires_at > NOW), int)
KEYS = Listing(
    select(*KEY).where(NOT_REVOKED),
    KeyRow,
    filters={"user_id": OF_USER},
    sorts={"createdAt": ApiKey.created_at, "expiresAt": ApiKey.expires_at, "name": ApiKey.name},
    default="-createdAt",
    key=ApiKey.id,
)
ADD = Statement(insert_into(ApiKey).returning(*KEY), KeyRow)
# Of any number of rotations of the same version exactly one changes a row, and none while an older secret still works.
ROTATE = Statement(
    update_of(ApiKey)
    .where(
        THIS,
        NOT_REVOKED,
        ApiKey.version == bind("version", ApiKey.version),
        or_(ApiKey.previous_until.is_(None), ApiKey.previous_until <= bind("none_after", UtcDateTime)),
    )
    .values(
        secret_hash=bind("secret_hash", ApiKey.secret_hash),
        previous_hash=ApiKey.secret_hash,
        previous_until=bind("previous_until", ApiKey.previous_until),
        expires_at=bind("expires_at", ApiKey.expires_at),
        rotated_at=NOW,
    )
    .returning(*KEY),
    KeyRow,
)
REVOKE = Statement(
    update_of(ApiKey)
    .where(THIS, NOT_REVOKED)
    .values(revoked_at=NOW, revoked_by=bind("revoked_by", ApiKey.revoked_by))
    .returning(*KEY),
    KeyRow,
)
REVOKE_ALL = Statement(
    update_of(ApiKey)
    .where(OF_USER, NOT_REVOKED)
    .values(revoked_at=NOW, revoked_by=bind("revoked_by", ApiKey.revoked_by))
    .returning(*KEY),
    KeyRow,
)
USED_TO_THE_END = Statement(
    select(func.count())
    .select_from(ApiKey)
    .where(
        NOT_REVOKED,
        ApiKey.expires_at <= NOW,
        ApiKey.expires_at > bind("ended_after", UtcDateTime),
        ApiKey.last_used_at > bind("used_after", UtcDateTime),
    ),
    int,
    slow=True,
)
DELETE_ALL: Statement[None] = Statement(delete(ApiKey).where(OF_USER))
NOTE_USED: Statement[None] = Statement(
    update(ApiKey)
    .where(any_of(ApiKey.id, "ids"), or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at <= bind("noted_before", UtcDateTime)))
    .values(last_used_at=NOW)
)
HOLD_TALLY = Statement(
    update(ApiKeyTally)
    .where(ApiKeyTally.id == bind("id", ApiKeyTally.id))
    .values(changes=ApiKeyTally.changes + 1)
    .returning(ApiKeyTally.tally),
    TallyRow,
)
BEGIN_TALLY: Statement[None] = Statement(insert_into(ApiKeyTally).on_conflict_do_nothing(index_elements=[ApiKeyTally.id]))
KEEP_TALLY: Statement[None] = Statement(
    update(ApiKeyTally).where(ApiKeyTally.id == bind("id", ApiKeyTally.id)).values(tally=bind("tally", ApiKeyTally.tally))
)


class KeyRepository(Repository):
    """Keys that are not revoked, unless a method says otherwise."""

    async def openings(self, ids: Sequence[UUID]) -> list[OpeningRow]:
        """What decides whether a text opens one of the keys, revoked ones too."""
        return await self.uow.all(OPENINGS, ids=list(ids)) if ids else []

    async def by_id(self, id: UUID) -> KeyRow | None:
        """A key."""
        return await self.uow.one(BY_ID, id=id)

    async def count_living(self, user_id: UUID, now: datetime) -> int:
        """How many keys of the account have not ended."""
        return await self.uow.value(COUNT_LIVING, user_id=user_id, now=now) or 0

    async def used_to_the_end(self, now: datetime, ended_after: datetime, used_after: datetime) -> int:
        """How many keys ended lately that were in use until then."""
        return await self.uow.value(USED_TO_THE_END, now=now, ended_after=ended_after, used_after=used_after) or 0

    async def add(self, key: KeyRow, secret_hash: str) -> KeyRow:
        """A new key."""
        return await self.uow.only(
            ADD,
            id=key.id,
            user_id=key.user_id,
            name=key.name,
            scopes=key.scopes,
            is_live=key.is_live,
            per_minute=key.per_minute,
            lifetime_seconds=key.lifetime_seconds,
            secret_hash=secret_hash,
            previous_hash=None,
            previous_until=None,
            expires_at=key.expires_at,
            rotated_at=None,
            last_used_at=None,
            revoked_at=None,
            created_by=key.created_by,
            revoked_by=None,
        )

    async def rotate(
        self,
        key: KeyRow,
        secret_hash: str,
        *,
        previous_until: datetime,
        expires_at: datetime,
        none_after: datetime,
        now: datetime,
    ) -> KeyRow | None:
        """Give the key a new secret; None when it changed since it was read, or an older one works longer than `none_after`."""
        return await self.uow.one(
            ROTATE,
            id=key.id,
            version=key.version,
            secret_hash=secret_hash,
            previous_until=previous_until,
            expires_at=expires_at,
            none_after=none_after,
            now=now,
        )

    async def revoke(self, id: UUID, by: UUID | None, now: datetime) -> KeyRow | None:
        """End a key for good; None when there is none to end."""
        return await self.uow.one(REVOKE, id=id, revoked_by=by, now=now)

    async def revoke_all(self, user_id: UUID, by: UUID | None, now: datetime) -> list[KeyRow]:
        """End every key of an account for good."""
        return await self.uow.all(REVOKE_ALL, user_id=user_id, revoked_by=by, now=now)

    async def delete_all(self, user_id: UUID) -> None:
        """Every row of an account, revoked ones too; what they used goes with them."""
        await self.uow.run(DELETE_ALL, user_id=user_id)

    async def note_used(self, ids: Collection[UUID], noted_before: datetime, now: datetime) -> int:
        """Note that the keys were used now, but for those noted later than `noted_before`; how many."""
        return await self.uow.run(NOTE_USED, ids=sorted(ids), noted_before=noted_before, now=now)


class TallyRepository(Repository):
    """How much of their budgets keys have used."""

    async def hold(self, id: UUID) -> Mapping[str, Any] | None:  # Any: JSON
        """The tally of a key, which nobody else changes until this unit ends; None when nothing was kept yet."""
        held = await self.uow.one(HOLD_TALLY, id=id)
        if held is None:
            await self.uow.run(BEGIN_TALLY, id=id, tally=None, changes=0)
            held = await self.uow.only(HOLD_TALLY, id=id)
        tally: Mapping[str, Any] | None = held.tally
        return tally

    async def keep(self, id: UUID, tally: Mapping[str, Any]) -> None:  # Any: JSON
        """Keep the tally of a key that this unit holds."""
        await self.uow.run(KEEP_TALLY, id=id, tally=dict(tally))
