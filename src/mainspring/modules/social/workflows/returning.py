"""A browser comes back from a provider: claim the attempt, ask the provider, then let the person in or hand over a code.

Once the attempt is claimed, every outcome leads to the page that was named, also a refusal: people sit in front of it, not
programs. Only an answer that fits no attempt is refused on the spot, for nobody knows where it belongs.
"""

from dataclasses import dataclass, field

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.errors import MainspringError, Unavailable
from mainspring.core.observability import get_logger
from mainspring.core.settings import Settings as CoreSettings
from mainspring.modules.auth.rows import Entered, MfaRequired, Proof, SignedInAs
from mainspring.modules.auth.service import Admission, FactorService, issue
from mainspring.modules.users.errors import EmailTaken

from ..errors import AttemptInvalid, ProviderUnavailable, SignInDeclined, SignInRefused
from ..next_paths import with_outcome
from ..ports import Provider, Providers
from ..rows import Answer, Attempt, Identity
from ..service import ArrivalService, AttemptService, HandoverService, SignInService
from ..settings import Settings
from .beginning import redirect_uri

METHOD = "social"

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Brought:
    """What the browser brought."""

    state: str | None = field(default=None, repr=False)
    code: str | None = field(default=None, repr=False)
    error: str | None = None
    issuer: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Returned:
    """The page to go to, and the session that goes along in cookies."""

    address: str = field(repr=False)
    signed_in: SignedInAs | None = None


class Returning:
    """See above."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context

    async def run(self, name: str, brought: Brought, browser: str | None, *, posted: bool) -> Returned:
        """Raises ProviderNotFound, and AttemptInvalid for an answer that fits no attempt of this browser at this provider."""
        provider = self.application.resolve(Providers).of(name)
        if provider.posts_back is not posted:
            raise AttemptInvalid()
        attempt, verifier = await self._claimed(provider, brought.state, browser)
        try:
            identity = await self._identity(provider, attempt, brought, verifier)
            return await self._arrived(attempt, identity)
        except MainspringError as refused:
            log.info("social_sign_in_refused", provider=provider.name, reason=refused.code)
            return self._page(attempt, {"error": refused.code})

    async def _claimed(self, provider: Provider, state: str | None, browser: str | None) -> tuple[Attempt, str]:
        async with self.application.reading(self.context) as uow:
            await AttemptService(uow).look(provider, state, browser)
        if state is None or browser is None:
            raise AttemptInvalid()
        async with self.application.unit(self.context) as uow:
            return await AttemptService(uow).claim(provider, state, browser)

    async def _identity(self, provider: Provider, attempt: Attempt, brought: Brought, verifier: str) -> Identity:
        if brought.error is not None:
            raise SignInDeclined() if brought.error in ("access_denied", "user_cancelled_authorize") else SignInRefused()
        if not brought.code:
            raise SignInRefused()
        answer = Answer(
            code=brought.code,
            issuer=brought.issuer,
            verifier=verifier,
            nonce_hash=attempt.nonce_hash,
            redirect_uri=redirect_uri(self.application, provider),
            asked_at=attempt.created_at,
            name=brought.name,
        )
        try:
            return await provider.identity(answer)
        except ProviderUnavailable:
            raise
        except Unavailable as failure:
            raise ProviderUnavailable(retry_after=failure.retry_after) from failure

    async def _arrived(self, attempt: Attempt, identity: Identity) -> Returned:
        if attempt.user_id is not None:
            async with self.application.unit(self.context) as uow:
                await ArrivalService(uow).link(attempt, identity)
            return self._page(attempt, {"linked": identity.provider})
        try:
            outcome = await self._let_in(attempt, identity)
        except EmailTaken:  # two first sign-ins at once: the account is there now
            outcome = await self._let_in(attempt, identity)
        if isinstance(outcome, str):
            return self._page(attempt, {"code": outcome})
        signed_in = issue(self.application, outcome)
        return Returned(self._page(attempt, {}).address, signed_in)

    async def _let_in(self, attempt: Attempt, identity: Identity) -> Entered | str:
        """A session where the browser keeps it and nothing more is asked for, else a code that whoever comes for it trades."""
        async with self.application.unit(self.context) as uow:
            user_id = await ArrivalService(uow).account_of(identity)
            origin_id = await SignInService(uow).note(user_id, identity)
            if attempt.transport == "cookie" and not await FactorService(uow).methods_of(user_id):
                proof = Proof(user_id, METHOD, origin_id=origin_id)
                entered = await Admission(uow).admit(proof, attempt.transport, SignInRefused)
                if isinstance(entered, MfaRequired):  # asked for by a rule that is newer than this
                    raise SignInRefused()
                return entered
            return await HandoverService(uow).offer(user_id, attempt, origin_id)

    def _page(self, attempt: Attempt, outcome: dict[str, str]) -> Returned:
        settings = self.application.resolve(CoreSettings)
        base = settings.section(Settings).pages_url or settings.public_url
        return Returned(with_outcome(base, attempt.next, outcome))
