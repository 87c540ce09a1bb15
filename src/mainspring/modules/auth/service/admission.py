"""The one gate: whatever somebody proved becomes a session here, or the question for the second factor (ASVS 6.3.4).

Nobody else opens sessions; a test of the source says so. So a new way in has the second factor, the standing of the account, the
log and the audit row without a line of its own.
"""

from datetime import timedelta
from uuid import UUID

from mainspring.core import clock, ids
from mainspring.core.database import UnitOfWork
from mainspring.core.errors import Unauthenticated
from mainspring.core.observability import security_events
from mainspring.modules.users.rows import SERVICE, Profile
from mainspring.modules.users.service import UserService

from ..errors import InvalidCredentials, MfaTokenInvalid, RefreshTokenRevoked, SecondFactorRefused
from ..repository import ChallengeRepository, SessionRepository
from ..rows import CLIENT, PAGE, Challenge, Entered, MfaRequired, Proof, Shown, Tokens
from ..sealing import token_hash
from .factors import FactorService
from .holding import hold_admissions
from .opening import open_session
from .standing import profile_in_good_standing

TOKEN_BYTES = 32
CHALLENGE_LIFE = timedelta(minutes=5)


class Admission:
    """Call it in the unit of work that used the proof up, so that both happen or neither."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.challenges = ChallengeRepository(uow)

    async def admit(
        self, proof: Proof, transport: str, refusal: type[Unauthenticated] = InvalidCredentials
    ) -> Entered | MfaRequired:
        """Let somebody in who proved who it is, or ask for the second factor.

        Raises `refusal` when the account is disabled or deleted: the way in says so in the words of its other refusals (D-11).
        """
        # a second factor that is switched on meanwhile waits for us, then ends the session; or we wait for it and ask
        await hold_admissions(self.uow, proof.user_id)
        profile = await profile_in_good_standing(self.uow, proof.user_id, refusal)
        methods = await FactorService(self.uow).methods_of(proof.user_id)
        if methods and not proof.is_complete:
            return await self._ask(proof, transport, methods)
        return await self._open(profile, proof, transport, None)

    async def complete(self, token: str, user_id: UUID, shown: Shown) -> Entered:
        """Let somebody in who proved the second factor too. The token and what was shown are used up, both or neither.

        Raises MfaTokenInvalid when the token was used, is too old, or its account may not come in, and SecondFactorRefused.
        """
        await hold_admissions(self.uow, user_id)
        challenge = await self.challenges.claim(token_hash(token), clock.now())
        if challenge is None or challenge.user_id != user_id:
            raise MfaTokenInvalid()
        profile = await profile_in_good_standing(self.uow, user_id, MfaTokenInvalid)
        if not await FactorService(self.uow).use(user_id, shown):
            raise SecondFactorRefused()
        return await self._open(profile, Proof(user_id, challenge.method), challenge.transport, shown.method)

    async def delegate(self, session_id: UUID, user_id: UUID, device: str, life: timedelta | None) -> Tokens:
        """A session for the OAuth client that the owner of a session on our sign-in page let in. It says what that one proved.

        Without a refresh token it lives as long as its one access token, `life`. Raises RefreshTokenRevoked when the session of
        the page is over, or the account may not come in.
        """
        await hold_admissions(self.uow, user_id)
        parent = await SessionRepository(self.uow).alive(session_id, clock.now())
        if parent is None or parent.user_id != user_id or parent.transport != PAGE:
            raise RefreshTokenRevoked()
        await profile_in_good_standing(self.uow, user_id, RefreshTokenRevoked)
        proof = Proof(user_id, parent.method)
        return await open_session(
            self.uow, proof, CLIENT, parent.second_factor, device=device, life=life, proved_at=parent.authenticated_at
        )

    async def serve(self, account_id: UUID, device: str, life: timedelta) -> Tokens:
        """A session for an OAuth client that acts as its service account. Raises RefreshTokenRevoked when that is shut out."""
        await hold_admissions(self.uow, account_id)
        account = (await UserService(self.uow).standing([account_id], services=True)).get(account_id)
        if account is None or account.kind != SERVICE:
            raise RefreshTokenRevoked()
        return await open_session(self.uow, Proof(account_id, "client_credentials"), CLIENT, None, device=device, life=life)

    async def waiting(self, token: str) -> Challenge | None:
        """The first proof that waits behind a token of ours; None when there is none, or its time is over."""
        return await self.challenges.look(token_hash(token), clock.now())

    async def _ask(self, proof: Proof, transport: str, methods: tuple[str, ...]) -> MfaRequired:
        token = ids.secret(TOKEN_BYTES)
        now = clock.now()
        challenge = Challenge(proof.user_id, proof.method, transport)
        await self.challenges.add(challenge, token_hash(token), now, now + CHALLENGE_LIFE)
        return MfaRequired(token, int(CHALLENGE_LIFE.total_seconds()), methods)

    async def _open(self, profile: Profile, proof: Proof, transport: str, second_factor: str | None) -> Entered:
        tokens = await open_session(self.uow, proof, transport, second_factor)
        user, address = profile.user, self.uow.context.address
        self.uow.after_commit(lambda: security_events.successful_login(user_id=user.id, email=user.email, ip=address))
        return Entered(profile, tokens)
