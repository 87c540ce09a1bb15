"""How often a password may be tried: ten times in 15 minutes and account, whatever the door and the network.

A try is written down before it is judged, in a unit of its own, and taken back only when it was right. So fifty at once are no
fifty guesses. An address that nobody has is counted too, or the limit would tell who is known. The owner still gets in: a device
that is known has tries of its own, and whoever proves the mailbox takes the lock away (D-29).
"""

from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from mainspring.core import clock, ids
from mainspring.core.database import UnitOfWork
from mainspring.core.errors import TooManyRequests
from mainspring.core.observability import security_events
from mainspring.core.settings import Settings

from ..devices import device_of, presented
from ..repository import CredentialRepository, PasswordGuessRepository
from ..rows import Device

WINDOW = timedelta(minutes=15)
MOST = 10


class PasswordGuessService:
    """Counts tries in a moving window, in the database, so that all machines count together."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.guesses = PasswordGuessRepository(uow)

    async def known_device(self, user_id: UUID) -> Device | None:
        """The device that asks, if the user signed in on it before and did not set a new password by mail since."""
        settings = self.uow.port(Settings)
        device = device_of(presented(self.uow.context, settings), user_id, settings)
        if device is None:
            return None
        since = await CredentialRepository(self.uow).devices_since(user_id)
        return device if since is None or device.seen_at > since else None

    async def reserve(self, email: str, device: Device | None) -> UUID | None:
        """Room for one try; None where nothing is limited. Raises TooManyRequests when there is none left."""
        if not self.uow.port(Settings).rate_limits:
            return None
        account, now = _account(email, device), clock.now()
        await self.uow.lock(f"auth.password_guesses {account}", wait=True)
        tries = await self.guesses.since(account, now - WINDOW)
        if len(tries) >= MOST:
            security_events.suspicious_activity(None, "password_lock_out", email=email, ip=self.uow.context.address)
            raise TooManyRequests(retry_after=max(1.0, (tries[-MOST] + WINDOW - now).total_seconds()))
        id = ids.new()
        await self.guesses.add(id, account, now)
        return id

    async def release(self, id: UUID | None) -> None:
        """The password was right; it counts no more."""
        if id is not None:
            await self.guesses.forget(id)

    async def clear(self, email: str) -> None:
        """The mailbox was proved: take the lock of strangers away."""
        await self.guesses.clear(_account(email, None))

    async def forget_old(self) -> int:
        """Delete tries that count no more; how many."""
        return await self.guesses.forget_old(clock.now() - WINDOW)


def _account(email: str, device: Device | None) -> str:
    """A known device counts for itself. The address is hashed: addresses that nobody has are nobody's to keep."""
    return f"device {device.id}" if device else sha256(email.encode("utf-8", "replace")).hexdigest()
