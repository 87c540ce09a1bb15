"""Sessions: beginning, showing and ending them."""

from datetime import datetime
from uuid import UUID

from mainspring.core import clock, ids
from mainspring.core.database import Page, Slice, UnitOfWork
from mainspring.core.observability.logs import get_logger
from mainspring.core.observability.security_events import access_refused
from mainspring.core.security.principal import Principal
from mainspring.core.security.snapshots import Snapshots
from mainspring.core.settings import Settings
from mainspring.modules.users.ports import AccountGuard
from mainspring.modules.users.service import UserService

from ..errors import SessionNotFound
from ..events import AllSessionsEnded, SessionEnded, SignedIn
from ..repository import SESSIONS, RefreshTokenRepository, SessionRepository
from ..rows import SessionRow, Tokens
from ..schemas import SessionQuery
from ..sealing import token_hash

log = get_logger(__name__)
REFRESH_TOKEN_BYTES = 64
LONGEST_DEVICE = 300


class SessionService:
    """A session is a family of refresh tokens; ending it denies its access tokens too (D-06)."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.sessions = SessionRepository(uow)

    async def start(self, user_id: UUID, transport: str) -> Tokens:
        """Begin a session with its first refresh token. Each sign-in is a new one, so nothing can be fixed beforehand."""
        settings = self.uow.port(Settings)
        now = clock.now()
        context = self.uow.context
        session = SessionRow(
            id=ids.new(),
            user_id=user_id,
            transport=transport,
            device=(context.user_agent or "")[:LONGEST_DEVICE] or None,
            ip_address=context.address,
            created_at=now,
            last_used_at=now,
            expires_at=now + settings.refresh_token_max_life,
            ended_at=None,
        )
        await self.sessions.add(session)
        refresh_token = ids.secret(REFRESH_TOKEN_BYTES)
        expires_at = min(now + settings.refresh_token_ttl, session.expires_at)
        await RefreshTokenRepository(self.uow).add(session.id, token_hash(refresh_token), expires_at)
        self.uow.publish(SignedIn(session.id, user_id))
        return Tokens(session.id, user_id, refresh_token, expires_at, transport)

    async def of_user(self, user_id: UUID, query: SessionQuery) -> Page[SessionRow] | Slice[SessionRow]:
        """The user's living sessions."""
        return await query.fetch(self.uow, SESSIONS, user_id=user_id, now=clock.now())

    async def end(self, user_id: UUID, session_id: UUID, reason: str = "logout") -> None:
        """End one of the user's sessions. Raises SessionNotFound, the same for a stranger's; that one is logged (R-114)."""
        if not await self.sessions.end(user_id, session_id, reason, clock.now()):
            owner_id = await self.sessions.owner_of(session_id)
            if owner_id not in (None, user_id):
                access_refused(log, "resource_access_denied", user_id, resourceId=str(session_id), ownerId=str(owner_id))
            raise SessionNotFound()
        self.uow.publish(SessionEnded(session_id, user_id))
        self._forget_session(session_id)

    async def end_all(self, user_id: UUID, reason: str = "logout_all") -> int:
        """End every session of the user; how many there were."""
        ended = await self.sessions.end_all(user_id, reason, clock.now())
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
