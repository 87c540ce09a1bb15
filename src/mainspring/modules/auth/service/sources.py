"""What auth answers for core and for users."""

from collections.abc import Sequence
from uuid import UUID

from mainspring.core import clock
from mainspring.core.application import Application
from mainspring.core.database import UnitOfWork
from mainspring.core.security.ports import SessionState
from mainspring.modules.users.rows import PERSON
from mainspring.modules.users.service import UserService

from ..ports import CLIENT
from ..rows import proved_two
from .impersonation import still_allowed
from .keeping import SessionKeeper
from .sessions import SessionService


class LiveSessions:
    """Core's `SessionSource`: two statements for any number of sessions, three more where somebody acts as another. The store is
    asked once, and once more for those."""

    async def live(self, uow: UnitOfWork, session_ids: Sequence[UUID]) -> dict[UUID, SessionState]:
        """The sessions that have not ended and whose users are neither deleted nor disabled.

        Service accounts have none but those of an OAuth client that acts as them.
        """
        sessions = await SessionKeeper(uow).live(session_ids, clock.now())
        standing = await UserService(uow).standing(list({session.user_id for session in sessions}), services=True)
        acting = await still_allowed(uow, sessions)
        return {
            session.id: SessionState(
                session.id,
                session.user_id,
                standing[session.user_id].email,
                session.expires_at,
                session.authenticated_at,
                has_two_factors=proved_two(session.method, session.second_factor),
                impersonator_id=session.impersonator_id,
                for_client=session.transport == CLIENT,
            )
            for session in sessions
            if session.user_id in standing
            and (session.transport == CLIENT or standing[session.user_id].kind == PERSON)
            and (session.impersonator_id is None or session.id in acting)
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


class NoOthers:
    """The `OtherWaysIn` of an installation whose modules keep none."""

    async def take(self, uow: UnitOfWork, user_id: UUID) -> tuple[str, ...]:
        """There is nothing to take."""
        return ()


def no_others(application: Application) -> NoOthers:
    """The keeper for an application."""
    return NoOthers()


class NobodyFollows:
    """The `SessionFollower` of an installation whose modules have none."""

    async def ended(self, uow: UnitOfWork, session_ids: Sequence[UUID], reason: str) -> None:
        """Nobody is told."""


def nobody_follows(application: Application) -> NobodyFollows:
    """The follower for an application."""
    return NobodyFollows()
