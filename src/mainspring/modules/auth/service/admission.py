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
from mainspring.core.security.principal import Principal
from mainspring.core.settings import Settings as CoreSettings
from mainspring.modules.users.rows import SERVICE, Profile
from mainspring.modules.users.service import UserService

from ..device_words import words_for
from ..devices import token_for
from ..errors import EmailUnverified, InvalidCredentials, MfaTokenInvalid, RefreshTokenRevoked, SecondFactorRefused
from ..events import ImpersonationBegan, NewDevice
from ..ports import CLIENT, PAGE
from ..repository import ChallengeRepository
from ..rows import CLIENT_CREDENTIALS, Challenge, Entered, Impersonated, MfaRequired, Proof, Shown, Tokens
from ..sealing import token_hash
from ..settings import Settings
from .compulsory import owes_factor
from .deletions import DeletionService
from .factors import FactorService
from .holding import hold_admissions
from .impersonation import ImpersonationService
from .keeping import SessionKeeper
from .opening import device_sent, open_impersonation, open_session, place_of
from .password_guesses import PasswordGuessService
from .standing import profile_in_good_standing

TOKEN_BYTES = 32
CHALLENGE_LIFE = timedelta(minutes=5)
REMEMBERED = timedelta(days=90)


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
        Raises EmailUnverified where the address must be proved first; `refusal` instead, where that would tell that it is known.
        """
        # a second factor that is switched on meanwhile waits for us, then ends the session; or we wait for it and ask
        await hold_admissions(self.uow, proof.user_id)
        profile = await profile_in_good_standing(self.uow, proof.user_id, refusal)
        self._ask_for_verified_email(profile, refusal)
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
        proof = Proof(user_id, challenge.method, origin_id=challenge.origin_id)
        return await self._open(profile, proof, challenge.transport, shown.method)

    async def impersonate(self, caller: Principal, user_id: UUID, reason: str) -> Impersonated:
        """A short session in which the caller acts as somebody else. It is no sign-in of that user, and nothing renews it.

        Raises UserNotFound, ImpersonationRefused.
        """
        await hold_admissions(self.uow, user_id)
        profile = await ImpersonationService(self.uow).may_begin(caller, user_id)
        life = self.uow.port(CoreSettings).section(Settings).impersonation_life
        session = await open_impersonation(self.uow, caller, user_id, life)
        self.uow.publish(ImpersonationBegan(session.id, user_id, caller.id, reason, session.expires_at))
        return Impersonated(profile, session.id, caller.id, session.expires_at)

    async def delegate(self, session_id: UUID, user_id: UUID, device: str, life: timedelta | None) -> Tokens:
        """A session for the OAuth client that the owner of a session on our sign-in page let in. It says what that one proved.

        Without a refresh token it lives as long as its one access token, `life`. Raises RefreshTokenRevoked when the session of
        the page is over, the account may not come in, or has to prove a second factor and did not.
        """
        await hold_admissions(self.uow, user_id)
        parent = await SessionKeeper(self.uow).alive(session_id, clock.now())
        if parent is None or parent.user_id != user_id or parent.transport != PAGE:
            raise RefreshTokenRevoked()
        await profile_in_good_standing(self.uow, user_id, RefreshTokenRevoked)
        if await owes_factor(self.uow, parent):
            raise RefreshTokenRevoked()
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
        proof = Proof(account_id, CLIENT_CREDENTIALS)
        return await open_session(self.uow, proof, CLIENT, None, device=device, life=life)

    async def waiting(self, token: str) -> Challenge | None:
        """The first proof that waits behind a token of ours; None when there is none, or its time is over."""
        return await self.challenges.look(token_hash(token), clock.now())

    def _ask_for_verified_email(self, profile: Profile, refusal: type[Unauthenticated]) -> None:
        settings = self.uow.port(CoreSettings).section(Settings)
        if settings.asks_for_verified_email and not profile.user.email_verified:
            raise refusal() if settings.registration == "silent" else EmailUnverified()

    async def _ask(self, proof: Proof, transport: str, methods: tuple[str, ...]) -> MfaRequired:
        token = ids.secret(TOKEN_BYTES)
        now = clock.now()
        challenge = Challenge(proof.user_id, proof.method, transport, proof.origin_id)
        await self.challenges.add(challenge, token_hash(token), now, now + CHALLENGE_LIFE)
        return MfaRequired(token, int(CHALLENGE_LIFE.total_seconds()), methods)

    async def _open(self, profile: Profile, proof: Proof, transport: str, second_factor: str | None) -> Entered:
        device = await PasswordGuessService(self.uow).known_device(proof.user_id)
        await DeletionService(self.uow).cancel(proof.user_id)
        is_stranger = device is None and await self._is_stranger(proof.user_id)
        tokens = await open_session(self.uow, proof, transport, second_factor)
        if is_stranger:
            words, place = words_for(device_sent(self.uow)), place_of(self.uow)
            self.uow.publish(NewDevice(tokens.session_id, proof.user_id, words, self.uow.context.address, place, clock.now()))
        user, address = profile.user, self.uow.context.address
        self.uow.after_commit(lambda: security_events.successful_login(user_id=user.id, email=user.email, ip=address))
        return Entered(profile, tokens, token_for(user.id, device, self.uow.port(CoreSettings)))

    async def _is_stranger(self, user_id: UUID) -> bool:
        """Whether the user never came from this program and address lately; the first device of an account is no news."""
        context, since = self.uow.context, clock.now() - REMEMBERED
        earlier = await SessionKeeper(self.uow).earlier(user_id, device_sent(self.uow), context.address, since)
        return earlier.any > 0 and earlier.alike == 0
