"""The questions to the tables of notifications. Each asks for the owner's rows only."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, delete, func, select

from mainspring.core import clock
from mainspring.core.database import (
    Listing,
    Page,
    Repository,
    Slice,
    Statement,
    any_of,
    bind,
    insert_into,
    update_of,
    upsert,
)

from .models import Notification, NotificationPreference
from .rows import NotificationRow, Wish
from .schemas import NotificationQuery

COLUMNS = tuple(getattr(Notification, field.name) for field in fields(NotificationRow))
OWN = (
    Notification.id == bind("id", Notification.id),
    Notification.user_id == bind("user_id", Notification.user_id),
)
OF_USER = Notification.user_id == bind("user_id", Notification.user_id)
UNREAD = Notification.read_at.is_(None)

ADD: Statement[None] = Statement(insert_into(Notification))
ONE = Statement(select(*COLUMNS).where(*OWN), NotificationRow)
LIST = Listing(
    select(*COLUMNS),
    NotificationRow,
    filters={
        "user_id": OF_USER,
        "unread": bind("unread", Boolean) == UNREAD,
        "kind": Notification.kind == bind("kind", Notification.kind),
    },
    sorts={"createdAt": Notification.created_at},
    default="-createdAt",
    key=Notification.id,
)
COUNT_UNREAD = Statement(select(func.count()).select_from(Notification).where(OF_USER, UNREAD), int)
MARK_READ = Statement(
    update_of(Notification)
    .where(*OWN)
    .values(read_at=func.coalesce(Notification.read_at, bind("now", Notification.read_at)))
    .returning(*COLUMNS),
    NotificationRow,
)
MARK_ALL_READ: Statement[None] = Statement(
    update_of(Notification).where(OF_USER, UNREAD).values(read_at=bind("now", Notification.read_at))
)
DELETE: Statement[None] = Statement(delete(Notification).where(*OWN))
DELETE_ALL: Statement[None] = Statement(delete(Notification).where(OF_USER))
DELETE_WISHES: Statement[None] = Statement(
    delete(NotificationPreference).where(NotificationPreference.user_id == bind("user_id", NotificationPreference.user_id))
)
FORGET: Statement[None] = Statement(
    delete(Notification).where(
        Notification.id.in_(
            select(Notification.id)
            .where(Notification.read_at < bind("before", Notification.read_at))
            .order_by(Notification.read_at)
            .limit(bind("most", BigInteger))
        )
    )
)

WISHES = Statement(
    select(NotificationPreference.kind, NotificationPreference.channel, NotificationPreference.is_on).where(
        NotificationPreference.user_id == bind("user_id", NotificationPreference.user_id),
        any_of(NotificationPreference.kind, "kinds"),
    ),
    Wish,
)
SET_WISH: Statement[None] = Statement(upsert(NotificationPreference, keys=("user_id", "kind", "channel"), change=("is_on",)))


class NotificationRepository(Repository):
    """Notifications and wishes of one user at a time."""

    def add(self, id: UUID, user_id: UUID, kind: str, title: str, body: str, data: Mapping[str, Any]) -> None:
        """A new notification, written with the commit."""
        values = {"id": id, "user_id": user_id, "kind": kind, "title": title, "body": body, "data": dict(data), "read_at": None}
        self.uow.before_commit(ADD, **values)

    async def of_owner(self, id: UUID, user_id: UUID) -> NotificationRow | None:
        """One notification; None when it is somebody else's."""
        return await self.uow.one(ONE, id=id, user_id=user_id)

    async def list(self, query: NotificationQuery, user_id: UUID) -> Page[NotificationRow] | Slice[NotificationRow]:
        """The user's notifications that the query asks for."""
        return await query.fetch(self.uow, LIST, user_id=user_id)

    async def count_unread(self, user_id: UUID) -> int:
        """How many the user has not read."""
        return await self.uow.value(COUNT_UNREAD, user_id=user_id) or 0

    async def mark_read(self, id: UUID, user_id: UUID) -> NotificationRow | None:
        """The notification, read now unless it was before; None when it is somebody else's."""
        return await self.uow.one(MARK_READ, id=id, user_id=user_id, now=clock.now())

    async def mark_all_read(self, user_id: UUID) -> int:
        """How many were not read before."""
        return await self.uow.run(MARK_ALL_READ, user_id=user_id, now=clock.now())

    async def delete(self, id: UUID, user_id: UUID) -> bool:
        """Whether there was one to delete."""
        return await self.uow.run(DELETE, id=id, user_id=user_id) == 1

    async def delete_all(self, user_id: UUID) -> None:
        """Everything about the user."""
        await self.uow.run(DELETE_ALL, user_id=user_id)
        await self.uow.run(DELETE_WISHES, user_id=user_id)

    async def forget_read(self, before: datetime, most: int) -> int:
        """Delete at most `most` that were read before the moment; how many went."""
        return await self.uow.run(FORGET, before=before, most=most)

    async def wishes(self, user_id: UUID, kinds: Sequence[str]) -> dict[tuple[str, str], bool]:
        """What the user wishes for these kinds, by kind and channel."""
        found = await self.uow.all(WISHES, user_id=user_id, kinds=[*kinds])
        return {(wish.kind, wish.channel): wish.is_on for wish in found}

    async def set_wish(self, user_id: UUID, kind: str, channel: str, is_on: bool) -> None:
        """Keep a wish."""
        await self.uow.run(SET_WISH, user_id=user_id, kind=kind, channel=channel, is_on=is_on)
