"""Acting as another user: who may, as whom, and how long. The sessions are opened by the gate (`admission.py`)."""

from collections.abc import Collection, Sequence
from functools import partial
from uuid import UUID

from mainspring.core import clock
from mainspring.core.database import UnitOfWork
from mainspring.core.security.ports import Held, PermissionSource
from mainspring.core.security.principal import Principal
from mainspring.core.security.snapshots import Snapshots
from mainspring.core.settings import Settings as CoreSettings
from mainspring.modules.users.rows import SERVICE, Profile
from mainspring.modules.users.service import UserService

from ..errors import ImpersonationRefused, NotImpersonating
from ..events import SessionEnded
from ..permissions import IMPERSONATE
from ..rows import LiveSession, proved_two
from .keeping import SessionKeeper

ADMIN = "admin"


class ImpersonationService:
    """Nobody gains by it: whoever acts as another holds all that the other holds."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.sessions = SessionKeeper(uow)

    async def may_begin(self, caller: Principal, user_id: UUID) -> Profile:
        """The user that the caller may act as. Raises UserNotFound, ImpersonationRefused."""
        users = UserService(self.uow)
        user = await users.get(user_id)
        if user_id == caller.id or caller.impersonator_id is not None:
            raise ImpersonationRefused("oneself" if user_id == caller.id else "nested")
        if user.kind == SERVICE:
            raise ImpersonationRefused("service_account")
        if not user.is_active:
            raise ImpersonationRefused("disabled")
        held = await self.uow.port(PermissionSource).held(self.uow, [caller.id, user_id])
        if (reason := refusal(held.get(caller.id, Held()), held.get(user_id, Held()))) is not None:
            raise ImpersonationRefused(reason)
        return await users.profile(user)

    async def end(self, caller: Principal, user_id: UUID) -> None:
        """Stop acting as the user, in every session in which the caller does. Raises NotImpersonating."""
        ended = await self.sessions.end_acting_as(caller.id, user_id, "logout", clock.now())
        if not ended:
            raise NotImpersonating()
        for session_id in ended:
            self.uow.publish(SessionEnded(session_id, user_id))
        forget(self.uow, ended)


async def end_orphans(uow: UnitOfWork, impersonator_id: UUID) -> None:
    """End what somebody does as others from sessions of his own that are over."""
    ended = await SessionKeeper(uow).end_orphans(impersonator_id, "impersonator_left", clock.now())
    if ended:
        forget(uow, ended)


def forget(uow: UnitOfWork, session_ids: Collection[UUID]) -> None:
    """Have the sessions looked up anew once this is committed."""
    snapshots = uow.port(Snapshots)
    for session_id in session_ids:
        uow.after_commit(partial(snapshots.forget_session, session_id))


async def still_allowed(uow: UnitOfWork, sessions: Sequence[LiveSession]) -> set[UUID]:
    """Those of the sessions in which somebody acts as another and still may: he is signed in where he began, neither deleted
    nor disabled, holds the permission, and all that the other holds."""
    acted = [(one, one.impersonator_id, one.impersonator_session_id) for one in sessions if one.impersonator_id is not None]
    if not acted:
        return set()
    own = {one.id: one for one in await SessionKeeper(uow).live([began for _, _, began in acted if began], clock.now())}
    standing = await UserService(uow).standing(list({by for _, by, _ in acted if by}))
    held = await uow.port(PermissionSource).held(uow, list({id for one, by, _ in acted for id in (one.user_id, by) if id}))
    mfa = uow.port(CoreSettings).mfa

    def is_allowed(session: LiveSession, by: UUID | None, began: UUID | None) -> bool:
        origin = own.get(began) if began else None
        if origin is None or by is None or origin.user_id != by or by not in standing:
            return False
        powers = held.get(by, Held())
        owes = mfa.owes_factor(powers.roles, proved_two(origin.method, origin.second_factor))
        return not owes and refusal(powers, held.get(session.user_id, Held())) is None

    return {session.id for session, by, began in acted if is_allowed(session, by, began)}


def refusal(of_impersonator: Held, of_user: Held) -> str | None:
    """Why somebody who holds the one may not act as somebody who holds the other; None when he may."""
    is_admin = ADMIN in of_impersonator.roles
    if not is_admin and IMPERSONATE not in of_impersonator.permissions:
        return "permission"
    if ADMIN in of_user.roles:
        return "administrator"
    return None if is_admin or of_user.permissions <= of_impersonator.permissions else "beyond_own"
