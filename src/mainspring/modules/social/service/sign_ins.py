"""Sign-ins at providers that sessions began with, and ending them when somebody signs out there (decision 106)."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from mainspring.core import clock, ids
from mainspring.core.database import UnitOfWork
from mainspring.core.security.claim_once import claim_first
from mainspring.core.settings import Settings as CoreSettings
from mainspring.modules.auth.service import SessionService

from ..errors import LogoutTokenInvalid
from ..oidc.logout_tokens import REMEMBERED_FOR
from ..repository import HandoverRepository, SignInRepository
from ..rows import Identity, LoggedOut, SignInRow

PURPOSE, REASON = "social.logout_token", "provider_logout"
MARGIN = timedelta(days=1)


class SignInService:
    """What a session began with is noted in the unit that opens it or hands its code over."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.sign_ins = SignInRepository(uow)

    async def note(self, user_id: UUID, identity: Identity) -> UUID:
        """A new one, for as long as a session may live; its id."""
        id, now = ids.new(), clock.now()
        life = self.uow.port(CoreSettings).refresh_token_max_life + MARGIN
        await self.sign_ins.add(id, user_id, identity, now, now + life)
        return id

    async def end(self, logged_out: LoggedOut) -> int:
        """End what began with it: sessions, codes, questions for the second factor; how many sessions.

        Raises LogoutTokenInvalid for a token that came before.
        """
        key = f"{logged_out.issuer} {logged_out.token_id}"
        if not await claim_first(self.uow, PURPOSE, key, REASON, REMEMBERED_FOR):
            raise LogoutTokenInvalid()
        found = await self._meant(logged_out)
        origin_ids = [row.id for row in found]
        ended = 0
        for user_id in sorted({row.user_id for row in found}):  # in order, or two that end the same ones deadlock
            ended += await SessionService(self.uow).end_of_origins(user_id, origin_ids, REASON)
        await HandoverRepository(self.uow).forget_from(origin_ids)
        await self.sign_ins.remove(origin_ids)
        return ended

    async def forget_expired(self) -> int:
        """Delete those whose sessions are over by time; how many."""
        return await self.sign_ins.forget(clock.now())

    async def _meant(self, logged_out: LoggedOut) -> Sequence[SignInRow]:
        """Those of the session that the token names; without one, all of the person. One that was never named goes along."""
        issuer, named = logged_out.issuer, logged_out.provider_session
        if logged_out.subject is None:
            return await self.sign_ins.of_session(issuer, named) if named is not None else []
        mine = await self.sign_ins.of_subject(issuer, logged_out.subject)
        return [row for row in mine if named is None or row.provider_session in (named, None)]
