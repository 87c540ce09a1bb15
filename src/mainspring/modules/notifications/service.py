"""The rules of notifications: who is told what, where, and what of it is kept."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from mainspring.core import ids
from mainspring.core.database import Page, Slice, UnitOfWork
from mainspring.core.mail import Mailbox
from mainspring.core.mail.message import one_line
from mainspring.core.mail.templates import Templates
from mainspring.core.mail.values import plain
from mainspring.core.observability.logs import get_logger
from mainspring.core.personal_data import every_row
from mainspring.core.security.ports import Held, PermissionSource
from mainspring.modules.users.errors import UserNotFound
from mainspring.modules.users.rows import UserRow
from mainspring.modules.users.service import UserService

from .errors import KindRequired, NotificationNotFound, UnknownKind
from .events import NotificationCreated
from .ports import CHANNELS, KINDS, Kind
from .repository import LIST, NotificationRepository
from .rows import NotificationRow, Preference
from .schemas import ChangePreference, NotificationQuery, SendEmail

ADMINISTRATOR = "admin"
NOBODYS = (".example", ".invalid")  # RFC 2606: no mail ever arrives there; the demo people live there
log = get_logger(__name__)


class NotificationService:
    """Tells people things, in the caller's transaction: what is rolled back was never said."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.notifications = NotificationRepository(uow)

    async def notify(
        self, user_id: UUID, kind: Kind, title: str, body: str = "", data: Mapping[str, Any] | None = None
    ) -> UUID | None:
        """Tell a user where he wishes to hear of this kind; the id of the notification, None when there is only mail or nothing.

        `data` is what a client needs to lead on, such as `{"orderId": ...}`. The words are plain text.
        """
        title = one_line(title)
        wanted = await self._wanted(user_id, kind)
        id = None
        if wanted.in_app:
            id = ids.new()
            self.notifications.add(id, user_id, kind, title, body, plain(data or {}))
            self.uow.publish(NotificationCreated(id=id, user_id=user_id, kind=kind, title=title))
        if wanted.mail:
            values = {"title": title, "body": body, "about": kind.text, "can_switch_off": not kind.is_fixed("mail")}
            await self.mail(user_id, "notifications/notification", **values)
        return id

    async def mail(self, user_id: UUID, template: str, /, **values: Any) -> UUID | None:
        """Mail a user from the template `<module>/<name>`, which also knows his `name` and `email`; the id of the job.

        None when the account is gone meanwhile. Raises TemplateMissing, and TypeError for a value that is not plain.
        """
        user = await self._living(user_id)
        if user is None:
            return None
        return await self.mail_to(user.email, template, **{"name": user.name, "email": user.email, **values})

    async def mail_to(self, address: str, template: str, /, **values: Any) -> UUID:
        """Mail an address that needs no account. Raises MessageRefused, TemplateMissing, and TypeError as `mail` does."""
        self.uow.port(Templates).check(template)
        name = one_line(str(values.get("name") or ""))
        mailbox = Mailbox(address, name)
        return self.uow.enqueue(SendEmail(mailbox.email, template, plain(values), name))

    async def welcome(self, user_id: UUID) -> UUID | None:
        """Greet a new user by mail; administrators get a text of their own (R-285). Demo people get none."""
        user = await self._living(user_id)
        if user is None or user.email.endswith(NOBODYS):
            return None
        held = await self.uow.port(PermissionSource).held(self.uow, [user_id])
        is_administrator = ADMINISTRATOR in held.get(user_id, Held()).roles
        return await self.mail(user_id, "notifications/welcome_administrator" if is_administrator else "notifications/welcome")

    async def list(self, query: NotificationQuery, user_id: UUID) -> Page[NotificationRow] | Slice[NotificationRow]:
        """The user's notifications that the query asks for."""
        return await self.notifications.list(query, user_id)

    async def get(self, id: UUID, user_id: UUID) -> NotificationRow:
        """One of the user's notifications. Raises NotificationNotFound."""
        return _there(await self.notifications.of_owner(id, user_id), id)

    async def count_unread(self, user_id: UUID) -> int:
        """How many the user has not read."""
        return await self.notifications.count_unread(user_id)

    async def mark_read(self, id: UUID, user_id: UUID) -> NotificationRow:
        """Mark one as read; the first time counts. Raises NotificationNotFound."""
        return _there(await self.notifications.mark_read(id, user_id), id)

    async def mark_all_read(self, user_id: UUID) -> int:
        """Mark all of them as read; how many were not."""
        return await self.notifications.mark_all_read(user_id)

    async def delete(self, id: UUID, user_id: UUID) -> None:
        """Delete one. Raises NotificationNotFound."""
        if not await self.notifications.delete(id, user_id):
            raise NotificationNotFound(id)

    async def erase(self, user_id: UUID) -> None:
        """Remove everything that was told to the user, and what he wished."""
        await self.notifications.delete_all(user_id)

    async def forget_read(self, before: datetime, most: int) -> int:
        """Delete at most `most` that anybody read before the moment; how many went."""
        return await self.notifications.forget_read(before, most)

    async def preferences(self, user_id: UUID) -> Sequence[Preference]:
        """How each kind reaches the user."""
        wishes = await self.notifications.wishes(user_id, list(KINDS))
        return [_preference(KINDS[name], wishes) for name in sorted(KINDS)]

    async def change_preferences(self, user_id: UUID, changes: Sequence[ChangePreference]) -> Sequence[Preference]:
        """Keep what the user wishes. Raises UnknownKind, and KindRequired for a channel that is fixed."""
        for position, change in enumerate(changes):
            kind = KINDS.get(change.kind)
            if kind is None:
                raise UnknownKind(position)
            for channel in CHANNELS:
                is_on = change.in_app if channel == "in_app" else change.mail
                if is_on is None:
                    continue
                if not is_on and kind.is_fixed(channel):
                    raise KindRequired(kind)
                await self.notifications.set_wish(user_id, kind, channel, is_on)
        return await self.preferences(user_id)

    async def _wanted(self, user_id: UUID, kind: Kind) -> Preference:
        return _preference(kind, {} if kind.is_wholly_fixed else await self.notifications.wishes(user_id, [kind]))

    async def _living(self, user_id: UUID) -> UserRow | None:
        try:
            return await UserService(self.uow).get(user_id)
        except UserNotFound:
            log.info("mail_without_reader", userId=str(user_id))
            return None


def _there(row: NotificationRow | None, id: UUID) -> NotificationRow:
    if row is None:
        raise NotificationNotFound(id)
    return row


def _preference(kind: Kind, wishes: Mapping[tuple[str, str], bool]) -> Preference:
    wanted = {channel: kind.is_fixed(channel) or wishes.get((kind, channel), kind.default(channel)) for channel in CHANNELS}
    fixed = tuple(channel for channel in CHANNELS if kind.is_fixed(channel))
    return Preference(kind, kind.text, wanted["in_app"], wanted["mail"], fixed)


async def personal_data(uow: UnitOfWork, user_id: UUID) -> dict[str, Any]:
    """What the user was told, and where he wishes to hear of what."""
    notifications = NotificationService(uow)
    return {"notifications": await every_row(uow, LIST, user_id=user_id), "preferences": await notifications.preferences(user_id)}
