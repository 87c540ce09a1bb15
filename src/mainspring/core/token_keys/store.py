"""The token keys in the database: made, replaced and ended by whoever comes first, and told in the trail."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from .. import clock
from ..audit.record import AuditRecord
from ..errors import Conflict, NotFound
from ..security.cipher import CannotOpen, Cipher
from ..security.keys import SigningKey, new_key, read_key
from .plan import AHEAD, KeptKey, Plan
from .statements import ADD, ALL, END, SEAL_ANEW

if TYPE_CHECKING:
    from ..database import Database, UnitOfWork

PURPOSE = "core.token_keys"


@dataclass(frozen=True, slots=True)
class Rotation:
    """The key that is next or signs already, and whether it was made just now."""

    key: KeptKey
    is_new: bool


class TokenKeyStore:
    """One a process."""

    def __init__(self, database: "Database", cipher: Cipher, algorithm: str) -> None:
        self.database, self.cipher, self.algorithm = database, cipher, algorithm

    async def keys(self) -> list[KeptKey]:
        """Every key there ever was, the newest first."""
        async with self.database.reading() as uow:
            return await uow.all(ALL)

    def opened(self, key: KeptKey) -> SigningKey:
        """Its private half. Raises CannotOpen."""
        if key.sealed is None:
            raise CannotOpen("the private half of this key is gone")
        return read_key(self.cipher.open(key.sealed, bound_to=key.key_id).encode(), "A token key")

    async def rotate(self, *, at_once: bool = False, key: SigningKey | None = None, seen: int | None = None) -> Rotation:
        """Make the next key. It signs once everybody has seen it, or `at_once`.

        One that waits already is answered instead, and so is what somebody else made meanwhile: after generation `seen`, or
        while this made its own.
        """
        keys = await self.keys()
        if not at_once and (waiting := Plan(keys, clock.now()).next):
            return Rotation(waiting, is_new=False)
        newest = (keys[0].generation if keys else 0) if seen is None else seen
        made = await asyncio.to_thread(new_key, self.algorithm) if key is None else key
        async with self.database.unit() as uow:
            added = await self._add(uow, made, newest + 1, at_once)
            keys = await uow.all(ALL)
        return Rotation(next(one for one in keys if one.generation == newest + 1), added)

    async def retire(self, key_id: str, *, leaked: bool = False) -> KeptKey | None:
        """End a key at once; its tokens are refused from now on. The new key that had to be made because it signed, if any.

        Checkpoints of the trail stay believed unless the key `leaked`. Raises NotFound, and Conflict when it has ended.
        """
        spare = await asyncio.to_thread(new_key, self.algorithm)
        async with self.database.unit() as uow:
            keys = await uow.all(ALL)
            if key_id not in (key.key_id for key in keys):
                raise NotFound("There is no token key of this id.")
            now = clock.now()
            if not await uow.run(END, key_id=key_id, moment=now, leaked=leaked):
                raise Conflict("This token key has ended already.")
            uow.audit(AuditRecord("TOKEN_KEY_RETIRED", "token_key", key_id, {"leaked": leaked}))
            keys = await uow.all(ALL)
            if Plan(keys, now).signing is not None and not _has_aged(Plan(keys, now)):
                return None
            await self._add(uow, spare, keys[0].generation + 1, at_once=True)
            return (await uow.all(ALL))[0]

    async def tidy(self) -> None:
        """Destroy the private halves that nobody signs with any more, and seal those of an older ENCRYPTION_KEY anew."""
        keys, now = await self.keys(), clock.now()
        plan = Plan(keys, now)
        async with self.database.unit() as uow:
            for key in keys:
                if key.ended_at is None and plan.state(key) == "ended":
                    await uow.run(END, key_id=key.key_id, moment=now, leaked=False)
                    uow.audit(AuditRecord("TOKEN_KEY_ENDED", "token_key", key.key_id))
                elif key.sealed is not None and self.cipher.is_outdated(key.sealed):
                    text = self.cipher.open(key.sealed, bound_to=key.key_id)
                    sealed = self.cipher.seal(text, bound_to=key.key_id)
                    await uow.run(SEAL_ANEW, key_id=key.key_id, before=key.sealed, sealed=sealed)

    async def _add(self, uow: "UnitOfWork", key: SigningKey, generation: int, at_once: bool) -> bool:
        key_id, now = key.thumbprint(), clock.now()
        signs_from: datetime = now if at_once else now + AHEAD
        private, public = (bytes(key.as_pem(private=half)).decode() for half in (True, False))
        added = await uow.one(
            ADD,
            generation=generation,
            key_id=key_id,
            algorithm=self.algorithm,
            public=public,
            sealed=self.cipher.seal(private, bound_to=key_id),
            signs_from=signs_from,
            ended_at=None,
            leaked=False,
        )
        if added is None:
            return False
        told = {"generation": generation, "algorithm": self.algorithm, "signsFrom": signs_from.isoformat()}
        uow.audit(AuditRecord("TOKEN_KEY_MADE", "token_key", key_id, told))
        return True


def _has_aged(plan: Plan) -> bool:
    """Whether what would sign now was replaced before, so that its own end is near."""
    return plan.signing is not None and plan.state(plan.signing) != "signs"
