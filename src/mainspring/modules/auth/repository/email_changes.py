"""Addresses that users want instead of their own."""

from dataclasses import fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update

from mainspring.core.database import Repository, Statement, UtcDateTime, bind, insert_into

from ..models import EmailChange
from ..rows import WishedEmail

COLUMNS = tuple(getattr(EmailChange, field.name) for field in fields(WishedEmail))
ONE = EmailChange.id == bind("id", EmailChange.id)
NOW = bind("now", UtcDateTime)
LIVING = EmailChange.expires_at > NOW

ADD: Statement[None] = Statement(insert_into(EmailChange))
CANCEL: Statement[None] = Statement(delete(EmailChange).where(EmailChange.user_id == bind("user_id", EmailChange.user_id)))
CONFIRM_OLD = Statement(update(EmailChange).where(ONE, LIVING).values(old_confirmed_at=NOW).returning(*COLUMNS), WishedEmail)
CONFIRM_NEW = Statement(update(EmailChange).where(ONE, LIVING).values(new_confirmed_at=NOW).returning(*COLUMNS), WishedEmail)
FIND = Statement(select(*COLUMNS).where(ONE, LIVING), WishedEmail)
FORGET: Statement[None] = Statement(delete(EmailChange).where(EmailChange.expires_at < bind("before", UtcDateTime)))


class EmailChangeRepository(Repository):
    """At most one a user."""

    async def replace(self, wish: WishedEmail, now: datetime, expires_at: datetime) -> None:
        """A new wish; the one before it is cancelled."""
        await self.cancel(wish.user_id)
        await self.uow.run(
            ADD,
            id=wish.id,
            user_id=wish.user_id,
            session_id=wish.session_id,
            old_email=wish.old_email,
            new_email=wish.new_email,
            created_at=now,
            expires_at=expires_at,
            old_confirmed_at=wish.old_confirmed_at,
            new_confirmed_at=wish.new_confirmed_at,
        )

    async def find(self, id: UUID, now: datetime) -> WishedEmail | None:
        """A wish that is still open."""
        return await self.uow.one(FIND, id=id, now=now)

    async def confirm(self, id: UUID, address: str, wish: WishedEmail, now: datetime) -> WishedEmail | None:
        """Note that the mailbox of `address` agreed; None when the wish is gone."""
        return await self.uow.one(CONFIRM_OLD if address == wish.old_email else CONFIRM_NEW, id=id, now=now)

    async def cancel(self, user_id: UUID) -> bool:
        """Forget what the user wished; whether there was anything."""
        return await self.uow.run(CANCEL, user_id=user_id) == 1

    async def forget(self, before: datetime) -> int:
        """Delete those that expired before a moment; how many."""
        return await self.uow.run(FORGET, before=before)
