"""Which clients are told that a sign-in is over (OpenID Connect Back-Channel Logout 1.0; decision 105)."""

from collections.abc import Sequence
from uuid import UUID

from mainspring.core import clock
from mainspring.core.application import Application
from mainspring.core.database import UnitOfWork

from ..repository import GrantRepository
from ..rows import SendLogout
from ..scopes import OPENID
from .grants import BY_CLIENT, CLIENT_GONE


class TellsClients:
    """The `SessionFollower` of auth. A client hears of the end of its own session, and of the one on our page that let it in."""

    async def ended(self, uow: UnitOfWork, session_ids: Sequence[UUID], reason: str) -> None:
        """Order a logout token for each client that got ID tokens, once; none for a client that gave its tokens back itself."""
        if reason in (BY_CLIENT, CLIENT_GONE):
            return
        for grant in await GrantRepository(uow).sign_out(session_ids, clock.now()):
            if OPENID in grant.scopes:
                uow.enqueue(SendLogout(grant.client_id, grant.user_id, grant.id))


def tells_clients(application: Application) -> TellsClients:
    """The follower for an application."""
    return TellsClients()
