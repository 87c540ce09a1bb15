"""Passkeys: keeping them, and using one up with the challenge that it signed."""

from datetime import timedelta
from uuid import UUID

from mainspring.core import clock
from mainspring.core.database import Page, Slice, UnitOfWork
from mainspring.core.observability import security_events
from mainspring.core.security.claim_once import claim_once, offer_once, withdraw

from ..errors import PasskeyKnown, PasskeyNotFound, PasskeyRefused, TooManyPasskeys
from ..events import PasskeyAdded, PasskeyRemoved
from ..repository import PASSKEYS, PasskeyRepository, TotpRepository
from ..rows import NewPasskey, PasskeyRow, ShownPasskey
from ..schemas import PasskeyQuery
from .compulsory import refuse_last_factor
from .holding import hold_admissions

REGISTERING, SIGNING_IN = "auth.passkey.registering", "auth.passkey.signing_in"
CHALLENGE_LIFE = timedelta(minutes=5)
MOST_PASSKEYS = 20
ANYBODY = "anybody"


class PasskeyService:
    """A challenge is 32 random bytes that the database knows as a hash, and that are claimed once."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.passkeys = PasskeyRepository(uow)

    async def of_user(self, user_id: UUID) -> list[PasskeyRow]:
        """The user's passkeys."""
        return await self.passkeys.of_user(user_id)

    async def listed(self, user_id: UUID, query: PasskeyQuery) -> Page[PasskeyRow] | Slice[PasskeyRow]:
        """A page of them."""
        return await query.fetch(self.uow, PASSKEYS, user_id=user_id)

    async def by_credential(self, credential_id: str) -> PasskeyRow | None:
        """The passkey that an authenticator calls so."""
        return await self.passkeys.by_credential(credential_id)

    async def challenge_to_register(self, user_id: UUID) -> bytes:
        """What a new passkey of the user signs; an older challenge is worth nothing any more."""
        await withdraw(self.uow, REGISTERING, str(user_id))
        return bytes.fromhex(await offer_once(self.uow, REGISTERING, str(user_id), CHALLENGE_LIFE))

    async def challenge_to_sign_in(self, user_id: UUID | None) -> bytes:
        """What a passkey signs to sign in: of this user, or of anybody."""
        return bytes.fromhex(await offer_once(self.uow, SIGNING_IN, str(user_id or ANYBODY), CHALLENGE_LIFE))

    async def add(self, user_id: UUID, name: str, new: NewPasskey) -> PasskeyRow:
        """Keep a new passkey. Raises PasskeyRefused for a challenge that was used, PasskeyKnown, TooManyPasskeys."""
        await self.uow.lock(f"auth.passkeys {user_id}", wait=True)
        if await claim_once(self.uow, REGISTERING, new.challenge) != str(user_id):
            raise PasskeyRefused()
        if await self.passkeys.count(user_id) >= MOST_PASSKEYS:
            raise TooManyPasskeys()
        passkey = await self.passkeys.add(user_id, name, new)
        if passkey is None:
            raise PasskeyKnown()
        self.uow.publish(PasskeyAdded(user_id, passkey.name))
        return passkey

    async def use(self, shown: ShownPasskey) -> bool:
        """Use the challenge up and note the use; False when it was used, was another's, or there are two of the passkey."""
        passkey = shown.passkey
        if await claim_once(self.uow, SIGNING_IN, shown.challenge) not in (ANYBODY, str(passkey.user_id)):
            return False
        if await self.passkeys.use(passkey, shown.sign_count, shown.is_backed_up, clock.now()):
            return True
        security_events.suspicious_activity(passkey.user_id, "passkey_count", ip=self.uow.context.address, passkeyId=passkey.id)
        return False

    async def remove(self, user_id: UUID, id: UUID) -> None:
        """Remove one of the user's passkeys. Raises PasskeyNotFound, the same for a stranger's, and SecondFactorCompulsory."""
        await hold_admissions(self.uow, user_id)
        passkeys = await self.passkeys.of_user(user_id)
        row = next((one for one in passkeys if one.id == id), None)
        if row is not None and len(passkeys) == 1 and not await self._has_totp(user_id):
            await refuse_last_factor(self.uow, user_id)
        if row is None or not await self.passkeys.remove(user_id, id):
            raise PasskeyNotFound()
        self.uow.publish(PasskeyRemoved(user_id, row.name))

    async def _has_totp(self, user_id: UUID) -> bool:
        row = await TotpRepository(self.uow).of(user_id)
        return row is not None and row.activated_at is not None
