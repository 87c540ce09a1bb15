"""Sessions: showing and ending them. They are opened by the gate (`admission.py`)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from mainspring.core import clock
from mainspring.core.database import Page, Slice, UnitOfWork
from mainspring.core.observability.logs import get_logger
from mainspring.core.observability.security_events import access_refused
from mainspring.core.security.principal import Principal
from mainspring.core.security.snapshots import Snapshots
from mainspring.modules.users.ports import AccountGuard
from mainspring.modules.users.service import UserService

from ..errors import SessionNotFound
from ..events import AllSessionsEnded, SessionEnded, SteppedUp
from ..ports import SessionFollower
from ..repository import ChallengeRepository
from ..rows import SessionRow
from ..schemas import SessionQuery
from .holding import hold_admissions
from .impersonation import end_orphans
from .keeping import SessionKeeper

log = get_logger(__name__)


class SessionService:
    """A session is a family of refresh tokens; ending it denies its access tokens too (D-06)."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.sessions = SessionKeeper(uow)

    async def of_user(self, user_id: UUID, query: SessionQuery) -> Page[SessionRow] | Slice[SessionRow]:
        """The user's living sessions."""
        return await self.sessions.of_user(user_id, query)

    async def alive(self, session_id: UUID) -> SessionRow | None:
        """A session that has not ended, whoever asks."""
        return await self.sessions.alive(session_id, clock.now())

    async def prune(self, transport: str, before: datetime) -> int:
        """Remove the sessions of a transport that were over before then; how many there were."""
        return await self.sessions.prune(transport, before)

    async def prove(self, user_id: UUID, session_id: UUID, second_factor: str | None) -> None:
        """Note that the session proved all that the account asks for. Raises SessionNotFound."""
        if not await self.sessions.prove(user_id, session_id, second_factor, clock.now()):
            raise SessionNotFound()
        self._forget_session(session_id)

    async def step_up(self, user_id: UUID, session_id: UUID, second_factor: str | None) -> None:
        """The same, told to the audit trail."""
        await self.prove(user_id, session_id, second_factor)
        self.uow.publish(SteppedUp(session_id, user_id))

    async def end(self, user_id: UUID, session_id: UUID, reason: str = "logout") -> None:
        """End one of the user's sessions. Raises SessionNotFound, the same for a stranger's; that one is logged (R-114)."""
        if not await self.sessions.end(user_id, session_id, reason, clock.now()):
            owner_id = await self.sessions.owner_of(session_id)
            if owner_id not in (None, user_id):
                access_refused(log, "resource_access_denied", user_id, resourceId=str(session_id), ownerId=str(owner_id))
            raise SessionNotFound()
        self.uow.publish(SessionEnded(session_id, user_id))
        self._forget_session(session_id)
        await end_orphans(self.uow, user_id)
        await self._tell([session_id], reason)

    async def let_go(self, user_id: UUID, session_id: UUID, reason: str) -> None:
        """End one of the user's sessions; nothing when it ended meanwhile, as when two requests sign out at once."""
        if await self.sessions.end(user_id, session_id, reason, clock.now()):
            self.uow.publish(SessionEnded(session_id, user_id))
            self._forget_session(session_id)
            await end_orphans(self.uow, user_id)
            await self._tell([session_id], reason)

    async def end_several(self, session_ids: Sequence[UUID], reason: str) -> int:
        """End sessions, whoever owns them; how many were alive."""
        ended = await self.sessions.end_several(session_ids, reason, clock.now())
        for session_id in ended:
            self._forget_session(session_id)
        await self._tell(ended, reason)
        return len(ended)

    async def end_of_origins(self, user_id: UUID, origin_ids: Sequence[UUID], reason: str) -> int:
        """End what began with these sign-ins elsewhere, and what waits for the second factor there; how many sessions."""
        await hold_admissions(self.uow, user_id)
        await ChallengeRepository(self.uow).forget_of_origins(user_id, origin_ids)
        ended = await self.sessions.end_of_origins(user_id, origin_ids, reason, clock.now())
        for session_id in ended:
            self.uow.publish(SessionEnded(session_id, user_id))
            self._forget_session(session_id)
        if ended:
            await end_orphans(self.uow, user_id)
        await self._tell(ended, reason)
        return len(ended)

    async def end_all(self, user_id: UUID, reason: str = "logout_all") -> int:
        """End every session of the user, and every sign-in that waits for the second factor; how many sessions there were."""
        await hold_admissions(self.uow, user_id)  # a client that is being let in waits, and finds the session over
        ended = await self.sessions.end_all(user_id, reason, clock.now())
        await ChallengeRepository(self.uow).forget_all(user_id)
        self.uow.publish(AllSessionsEnded(user_id))
        self._forget_user(user_id)
        await end_orphans(self.uow, user_id)
        await self._tell(ended, reason)
        return len(ended)

    async def end_all_of(self, caller: Principal, user_id: UUID) -> None:
        """End every session of another user. Raises UserNotFound, AdministratorProtected."""
        await UserService(self.uow).get(user_id)
        await self.uow.port(AccountGuard).may_change(self.uow, caller, user_id)
        await self.end_all(user_id, "ended_by_others")

    async def end_others(self, user_id: UUID, session_id: UUID, reason: str) -> int:
        """End every session of the user but this one; how many there were."""
        await hold_admissions(self.uow, user_id)
        ended = await self.sessions.end_all(user_id, reason, clock.now(), but=session_id)
        await ChallengeRepository(self.uow).forget_all(user_id)
        self._forget_user(user_id)
        await end_orphans(self.uow, user_id)
        await self._tell(ended, reason)
        return len(ended)

    async def _tell(self, session_ids: Sequence[UUID], reason: str) -> None:
        if session_ids:
            await self.uow.port(SessionFollower).ended(self.uow, session_ids, reason)

    def _forget_session(self, session_id: UUID) -> None:
        snapshots = self.uow.port(Snapshots)
        self.uow.after_commit(lambda: snapshots.forget_session(session_id))

    def _forget_user(self, user_id: UUID) -> None:
        snapshots = self.uow.port(Snapshots)
        self.uow.after_commit(lambda: snapshots.forget_user(user_id))


def is_alive(session_ended_at: datetime | None, session_expires_at: datetime, now: datetime) -> bool:
    """Whether a session may still be used."""
    return session_ended_at is None and session_expires_at > now
