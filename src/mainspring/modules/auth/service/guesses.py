"""How often codes may be tried: so many an hour and account, whatever the way and the address (D-39).

A try is written down before it is judged, in a unit of its own, and taken back only when the code was right. So fifty at once
are no fifty guesses. A recovery code is no guess, for nobody hits one by luck; with it the owner gets in while others use the
tries up.
"""

from datetime import timedelta
from uuid import UUID

from mainspring.core import clock, ids
from mainspring.core.database import UnitOfWork
from mainspring.core.errors import TooManyRequests
from mainspring.core.observability import security_events
from mainspring.core.settings import Settings

from ..repository import GuessRepository

WINDOW = timedelta(hours=1)


class GuessService:
    """Counts tries in a moving window, in the database, so that all machines count together."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.guesses = GuessRepository(uow)

    async def reserve(self, user_id: UUID) -> UUID:
        """Room for one try. Raises TooManyRequests when the account has none left."""
        await self.uow.lock(f"auth.guesses {user_id}", wait=True)
        most, now = self.uow.port(Settings).mfa.guesses_per_hour, clock.now()
        tries = await self.guesses.since(user_id, now - WINDOW)
        if len(tries) >= most:
            security_events.suspicious_activity(user_id, "code_lock_out", ip=self.uow.context.address)
            raise TooManyRequests(retry_after=max(1.0, (tries[-most] + WINDOW - now).total_seconds()))
        id = ids.new()
        await self.guesses.add(id, user_id, now)
        return id

    async def release(self, id: UUID) -> None:
        """The code was right; it counts no more."""
        await self.guesses.forget(id)
