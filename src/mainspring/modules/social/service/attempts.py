"""Sign-ins that are under way: begun here, answered by way of the provider, used once."""

from dataclasses import dataclass, field
from datetime import timedelta

from mainspring.core import clock
from mainspring.core.database import UnitOfWork
from mainspring.core.observability import security_events
from mainspring.core.security.cipher import CannotOpen
from mainspring.core.security.principal import Principal
from mainspring.core.settings import Settings as CoreSettings

from ..errors import AttemptInvalid
from ..ports import Provider
from ..repository import AttemptRepository
from ..rows import Attempt
from ..secrecy import Sealed, hashed, is_secret, new_secret


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets of one attempt in the clear: two for the provider, one for both, one for the browser."""

    state: str = field(default_factory=new_secret, repr=False)
    nonce: str = field(default_factory=new_secret, repr=False)
    verifier: str = field(default_factory=new_secret, repr=False)
    browser: str = field(default_factory=new_secret, repr=False)


@dataclass(frozen=True, slots=True)
class Wish:
    """How a sign-in shall end, and where; nowhere is the page of the settings."""

    transport: str
    next: str
    challenge: str | None = None


class AttemptService:
    """Begins and claims attempts."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.attempts = AttemptRepository(uow)

    async def begin(
        self, provider: Provider, secrets: Secrets, wish: Wish, life: timedelta, linker: Principal | None = None
    ) -> None:
        """Keep what the answer must fit. With a `linker`, that user links the identity in that session."""
        now, state_hash = clock.now(), hashed(secrets.state)
        await self.attempts.add(
            Attempt(
                state_hash=state_hash,
                provider=provider.name,
                issuer=provider.issuer,
                browser_hash=hashed(secrets.browser),
                nonce_hash=hashed(secrets.nonce),
                verifier=self._cipher().seal(secrets.verifier, state_hash),
                transport=wish.transport,
                next=wish.next,
                challenge=wish.challenge,
                user_id=linker.id if linker else None,
                session_id=linker.session_id if linker else None,
                created_at=now,
                expires_at=now + life,
            )
        )

    async def look(self, provider: Provider, state: str | None, browser: str | None) -> None:
        """Raises AttemptInvalid unless this browser began such a sign-in at this provider; noise never reaches for the writer."""
        if not is_secret(state) or state is None:
            raise AttemptInvalid()
        attempt = await self.attempts.look(hashed(state))
        if attempt is None or attempt.expires_at <= clock.now():
            raise AttemptInvalid()
        if attempt.provider != provider.name or attempt.issuer != provider.issuer:
            self._suspicious("social_state_of_another_provider", provider)
        if browser is None or attempt.browser_hash != hashed(browser):
            self._suspicious("social_state_of_another_browser", provider)

    async def claim(self, provider: Provider, state: str, browser: str) -> tuple[Attempt, str]:
        """Use it up; with the PKCE verifier. Raises AttemptInvalid for all but the first."""
        attempt = await self.attempts.claim(hashed(state), provider.name, hashed(browser), clock.now())
        if attempt is None:
            raise AttemptInvalid()
        try:
            return attempt, self._cipher().open(attempt.verifier, attempt.state_hash)
        except CannotOpen:  # ENCRYPTION_KEY was changed without overlap
            raise AttemptInvalid() from None

    async def forget_expired(self) -> int:
        """Delete those whose time is over; how many."""
        return await self.attempts.forget(clock.now())

    def _cipher(self) -> Sealed:
        return Sealed(self.uow.port(CoreSettings), "attempts")

    def _suspicious(self, activity: str, provider: Provider) -> None:
        security_events.suspicious_activity(None, activity, ip=self.uow.context.address, provider=provider.name)
        raise AttemptInvalid()
