"""One's own notifications over REST."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from mainspring.core.http import PageOut, ReadUnit, Router, WriteUnit, problems
from mainspring.core.security.guard import CurrentUser
from mainspring.core.security.narrow_sessions import InPerson

from .errors import KindRequired, NotificationNotFound, UnknownKind
from .schemas import (
    ChangePreferences,
    NotificationOut,
    NotificationQuery,
    PreferenceOut,
    PreferencesOut,
    ReadOut,
    UnreadOut,
)
from .service import NotificationService

router = Router(prefix="/notifications", tags=["notifications"])


@router.get("")
async def list_notifications(
    query: Annotated[NotificationQuery, Query()], caller: CurrentUser, uow: ReadUnit
) -> PageOut[NotificationOut]:
    """One's own notifications, newest first."""
    return PageOut[NotificationOut].of(await NotificationService(uow).list(query, caller.id))


@router.get("/unread-count")
async def count_unread_notifications(caller: CurrentUser, uow: ReadUnit) -> UnreadOut:
    """How many are not read yet."""
    return UnreadOut(unread=await NotificationService(uow).count_unread(caller.id))


@router.post("/read-all")
async def read_all_notifications(caller: InPerson, uow: WriteUnit) -> ReadOut:
    """Mark all of them as read."""
    return ReadOut(read=await NotificationService(uow).mark_all_read(caller.id))


@router.get("/preferences")
async def list_notification_preferences(caller: CurrentUser, uow: ReadUnit) -> PreferencesOut:
    """How each kind of notification reaches oneself."""
    return PreferencesOut(preferences=PreferenceOut.list_of(await NotificationService(uow).preferences(caller.id)))


@router.patch("/preferences", responses=problems(UnknownKind, KindRequired))
async def change_notification_preferences(body: ChangePreferences, caller: InPerson, uow: WriteUnit) -> PreferencesOut:
    """Choose where one wishes to hear of what."""
    changed = await NotificationService(uow).change_preferences(caller.id, body.preferences)
    return PreferencesOut(preferences=PreferenceOut.list_of(changed))


@router.get("/{id}", responses=problems(NotificationNotFound))
async def get_notification(id: UUID, caller: CurrentUser, uow: ReadUnit) -> NotificationOut:
    """One of one's own notifications."""
    return NotificationOut.of(await NotificationService(uow).get(id, caller.id))


@router.post("/{id}/read", responses=problems(NotificationNotFound))
async def read_notification(id: UUID, caller: InPerson, uow: WriteUnit) -> NotificationOut:
    """Mark one as read."""
    return NotificationOut.of(await NotificationService(uow).mark_read(id, caller.id))


@router.delete("/{id}", status_code=204, responses=problems(NotificationNotFound))
async def delete_notification(id: UUID, caller: InPerson, uow: WriteUnit) -> None:
    """Delete one."""
    await NotificationService(uow).delete(id, caller.id)
