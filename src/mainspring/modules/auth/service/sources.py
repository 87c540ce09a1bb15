"""What auth answers for core and for users."""

from collections.abc import Sequence
from uuid import UUID

from mainspring.core import clock
from mainspring.core.application import Application
from mainspring.core.database import UnitOfWork
from mainspring.core.security.ports import SessionState
from mainspring.modules.users.service import UserService

from ..repository import SessionRepository
from .sessions import SessionService


class LiveSessions:
    """Core's `SessionSource`: two statements for any number of sessions."""

    async def live(self, uow: UnitOfWork, session_ids: Sequence[UUID]) -> dict[UUID, SessionState]:
        """The sessions that have not ended and whose users are neither deleted nor disabled."""
        sessions = await SessionRepository(uow).live(session_ids, clock.now())
        standing = await UserService(uow).standing(list({session.user_id for session in sessions}))
        return {
            session.id: SessionState(
                session.id, session.user_id, standing[session.user_id].email, session.expires_at, session.authenticated_at
            )
            for session in sessions
            if session.user_id in standing
        }


class EndsSessions:
    """The `SessionEnder` of users."""

    async def end_all(self, uow: UnitOfWork, user_id: UUID, reason: str) -> int:
        """End every session of the user; how many there were."""
        return await SessionService(uow).end_all(user_id, reason)


def live_sessions(application: Application) -> LiveSessions:
    """The source for an application."""
    return LiveSessions()


def ends_sessions(application: Application) -> EndsSessions:
    """The ender for an application."""
    return EndsSessions()


class NobodyKnows:
    """The `PlaceFinder` of an installation that has none."""

    def place_of(self, address: str) -> str | None:
        """Nothing is known."""
        return None


def nobody_knows(application: Application) -> NobodyKnows:
    """The finder for an application."""
    return NobodyKnows()
