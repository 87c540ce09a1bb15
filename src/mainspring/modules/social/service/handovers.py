"""Codes that stand for somebody who was proved, so that no token travels in an address (RFC 9700 4.3)."""

from datetime import timedelta
from uuid import UUID

from mainspring.core import clock
from mainspring.core.database import UnitOfWork

from ..errors import HandoverInvalid
from ..repository import HandoverRepository
from ..rows import Attempt, Handover
from ..secrecy import fits_challenge, hashed, is_hash_of, is_secret, new_secret

LIFE = timedelta(seconds=60)


class HandoverService:
    """Offers and claims codes. A code fits the browser, or the program that sent a challenge, which began the sign-in."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.handovers = HandoverRepository(uow)

    async def offer(self, user_id: UUID, attempt: Attempt, origin_id: UUID) -> str:
        """A new code for the user who was proved, in the sign-in of that id."""
        code, now = new_secret(), clock.now()
        handover = Handover(user_id, attempt.transport, attempt.browser_hash, attempt.challenge, origin_id)
        await self.handovers.add(handover, hashed(code), now, now + LIFE)
        return code

    async def look(self, code: str, verifier: str | None, browsers: list[str]) -> Handover:
        """What the code stands for; it stays open. Raises HandoverInvalid; noise never reaches for the writer."""
        found = await self.handovers.look(hashed(code), clock.now()) if is_secret(code) else None
        if found is None or not _is_for(found, verifier, browsers):
            raise HandoverInvalid()
        return found

    async def claim(self, code: str) -> Handover:
        """Use it up. Raises HandoverInvalid for all but the first."""
        found = await self.handovers.claim(hashed(code), clock.now())
        if found is None:
            raise HandoverInvalid()
        return found

    async def forget_expired(self) -> int:
        """Delete those whose time is over; how many."""
        return await self.handovers.forget(clock.now())


def _is_for(handover: Handover, verifier: str | None, browsers: list[str]) -> bool:
    """A program that sent a challenge shows the verifier; everybody else the cookie of the browser."""
    if handover.challenge is not None:
        return verifier is not None and fits_challenge(verifier, handover.challenge)
    return any(is_hash_of(browser, handover.browser_hash) for browser in browsers)
