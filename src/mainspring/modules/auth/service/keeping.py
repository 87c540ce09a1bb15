"""The one place where sessions begin, are proved again and end: in their rows, and in the store that `SESSION_STORE` names.

A session is alive while the row and the store both say so. Thus neither an old backup of the database nor an old dump of Redis
brings one back that had ended. A test of the source says that nobody else touches the rows.
"""

from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from mainspring.core import clock
from mainspring.core.database import Page, Slice, UnitOfWork

from ..ports import SessionStore
from ..repository import SESSIONS, SessionRepository
from ..rows import EarlierSignIns, LiveSession, SessionRow
from ..schemas import SessionQuery


class SessionKeeper:
    """Sessions of both kinds of store. What asks the store raises Unavailable when that does not answer."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.rows = SessionRepository(uow)
        self.store = uow.port(SessionStore)

    async def add(self, row: SessionRow) -> None:
        """A new session."""
        await self.rows.add(row)
        await self.store.hold(row.id, row.authenticated_at, row.expires_at)

    async def live(self, session_ids: Sequence[UUID], now: datetime) -> list[LiveSession]:
        """Those of the sessions that are alive, each proved at the earlier of the moments that row and store tell."""
        sessions = await self.rows.live(session_ids, now)
        if not self.store.is_apart:
            return sessions
        held = await self.store.held([session.id for session in sessions])
        return [
            replace(session, authenticated_at=min(session.authenticated_at, held[session.id]))
            for session in sessions
            if session.id in held
        ]

    async def alive(self, session_id: UUID, now: datetime) -> SessionRow | None:
        """A session that is alive."""
        session = await self.rows.alive(session_id, now)
        return session if session is not None and await self.is_held(session_id) else None

    async def is_held(self, session_id: UUID) -> bool:
        """Whether the store agrees that a session is alive whose row says so."""
        return not self.store.is_apart or bool(await self.store.held([session_id]))

    async def of_user(self, user_id: UUID, query: SessionQuery) -> Page[SessionRow] | Slice[SessionRow]:
        """The user's living sessions."""
        now, ids = clock.now(), None
        if self.store.is_apart:
            ids = list(await self.store.held(await self.rows.ids_of(user_id, now)))
        return await query.fetch(self.uow, SESSIONS, user_id=user_id, now=now, ids=ids)

    async def earlier(self, user_id: UUID, device: str | None, ip_address: str | None, since: datetime) -> EarlierSignIns:
        """The sessions that a user himself began since a moment, alive or not."""
        return await self.rows.earlier(user_id, device, ip_address, since)

    async def owner_of(self, session_id: UUID) -> UUID | None:
        """Whose session it is, alive or not; for the log of a refusal only."""
        return await self.rows.owner_of(session_id)

    async def touch(self, session_id: UUID, now: datetime) -> bool:
        """Note the use; False when the row has ended. Whoever refreshes has asked the store before."""
        return await self.rows.touch(session_id, now)

    async def prove(self, user_id: UUID, session_id: UUID, second_factor: str | None, now: datetime) -> bool:
        """Note that everything was proved again; False when the session is not alive."""
        return await self.rows.prove(user_id, session_id, second_factor, now) and await self.store.prove(session_id, now)

    async def prune(self, transport: str, before: datetime) -> int:
        """Remove the rows of a transport that were over before then; how many there were. The store has let them go already."""
        return await self.rows.prune(transport, before)

    async def end(self, user_id: UUID, session_id: UUID, reason: str, now: datetime) -> bool:
        """End a session of the user; False when there is none to end."""
        is_ended = await self.rows.end(user_id, session_id, reason, now)
        if is_ended:
            await self.store.drop([session_id])
        return is_ended

    async def end_several(self, session_ids: Sequence[UUID], reason: str, now: datetime) -> list[UUID]:
        """End sessions; those that were alive."""
        return await self._dropped(self.rows.end_several(session_ids, reason, now))

    async def end_all(self, user_id: UUID, reason: str, now: datetime, but: UUID | None = None) -> list[UUID]:
        """End all sessions of the user, perhaps but one; which they were."""
        return await self._dropped(self.rows.end_all(user_id, reason, now, but))

    async def end_of_origins(self, user_id: UUID, origin_ids: Sequence[UUID], reason: str, now: datetime) -> list[UUID]:
        """End those of the user that began at these origins; which they were."""
        return await self._dropped(self.rows.end_of_origins(user_id, origin_ids, reason, now))

    async def end_acting_as(self, impersonator_id: UUID, user_id: UUID, reason: str, now: datetime) -> list[UUID]:
        """End the sessions in which somebody acts as the user; which they were."""
        return await self._dropped(self.rows.end_acting_as(impersonator_id, user_id, reason, now))

    async def end_orphans(self, impersonator_id: UUID, reason: str, now: datetime) -> list[UUID]:
        """End the sessions in which somebody acts as others, when the one of his own that they began in has ended."""
        return await self._dropped(self.rows.end_orphans(impersonator_id, reason, now))

    async def _dropped(self, ending: Awaitable[list[UUID]]) -> list[UUID]:
        ended = await ending
        await self.store.drop(ended)
        return ended
