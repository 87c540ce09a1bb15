"""Sessions: showing and ending them. They are opened by the gate (`admission.py`)."""

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
from ..repository import SESSIONS, ChallengeRepository, SessionRepository
from ..rows import SessionRow
from ..schemas import SessionQuery

log = get_logger(__name__)


class SessionService:
    """A session is a family of refresh tokens; ending it denies its access tokens too (D-06)."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.sessions = SessionRepository(uow)

    async def of_user(self, user_id: UUID, query: SessionQuery) -> Page[SessionRow] | Slice[SessionRow]:
        """The user's living sessions."""
        return await query.fetch(self.uow, SESSIONS, user_id=user_id, now=clock.now())

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

    async def replace(self, user_id: UUID, session_id: UUID) -> None:
        """End a session that another took the place of; nothing when it ended meanwhile."""
        if await self.sessions.end(user_id, session_id, "replaced", clock.now()):
            self.uow.publish(SessionEnded(session_id, user_id))
            self._forget_session(session_id)

    async def end_all(self, user_id: UUID, reason: str = "logout_all") -> int:
        """End every session of the user, and every sign-in that waits for the second factor; how many sessions there were."""
        ended = await self.sessions.end_all(user_id, reason, clock.now())
        await ChallengeRepository(self.uow).forget_all(user_id)
        self.uow.publish(AllSessionsEnded(user_id))
        self._forget_user(user_id)
        return ended

    async def end_all_of(self, caller: Principal, user_id: UUID) -> None:
        """End every session of another user. Raises UserNotFound, AdministratorProtected."""
        await UserService(self.uow).get(user_id)
        await self.uow.port(AccountGuard).may_change(self.uow, caller, user_id)
        await self.end_all(user_id, "ended_by_others")

    async def end_others(self, user_id: UUID, session_id: UUID, reason: str) -> int:
        """End every session of the user but this one; how many there were."""
        ended = await self.sessions.end_all(user_id, reason, clock.now(), but=session_id)
        await ChallengeRepository(self.uow).forget_all(user_id)
        self._forget_user(user_id)
        return ended

    def _forget_session(self, session_id: UUID) -> None:
        snapshots = self.uow.port(Snapshots)
        self.uow.after_commit(lambda: snapshots.forget_session(session_id))

    def _forget_user(self, user_id: UUID) -> None:
        snapshots = self.uow.port(Snapshots)
        self.uow.after_commit(lambda: snapshots.forget_user(user_id))


def is_alive(session_ended_at: datetime | None, session_expires_at: datetime, now: datetime) -> bool:
    """Whether a session may still be used."""
    return session_ended_at is None and session_expires_at > now
