"""Gives the token keys of the database to the process: at its start, and whenever they change (R-066, D-02)."""

import asyncio
import contextvars
from typing import TYPE_CHECKING

from .. import clock, tasks
from ..errors import MainspringError
from ..observability.logs import get_logger
from ..security.cipher import CannotOpen
from ..security.keys import KeyRing, SigningKey, left_in_folder, read_key
from ..security.tokens import AccessTokens
from .plan import POLL, KeptKey, Plan
from .store import TokenKeyStore

if TYPE_CHECKING:
    from ..settings import Settings

log = get_logger(__name__)


class TokenKeyKeeper:
    """One a process. Where JWT_PRIVATE_KEY gives the keys, it has nothing to do."""

    def __init__(self, store: TokenKeyStore, tokens: AccessTokens, settings: "Settings") -> None:
        self.store, self.tokens, self.settings = store, tokens, settings
        self._task: asyncio.Task[None] | None = None
        self._opened: dict[str, SigningKey] = {}
        self._shown: tuple[str, ...] = ()

    async def start(self) -> None:
        """Have keys before the first request. Raises DatabaseUnavailable."""
        if self.settings.jwt_private_key is not None:
            return
        if not await self.look():
            await self._begin()
            await self.look()
        await self.change_algorithm()
        self._task = tasks.start(self._watch(), name="token keys", context=contextvars.Context())

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            await tasks.stop(self._task)

    async def look(self) -> bool:
        """Take the keys of now; false when none of them can sign, because there is none or ENCRYPTION_KEY is another one."""
        keys = await self.store.keys()
        plan = Plan(keys, clock.now())
        signing = self._signing(plan)
        if signing is None:
            return False
        key, private = signing
        former = [one for one in keys if one not in plan.published and not one.leaked]
        shown = (key.key_id, *(one.key_id for one in plan.published), "|", *(one.key_id for one in former))
        if shown != self._shown:
            others = [(_public(one), one.algorithm) for one in plan.published if one.key_id != key.key_id]
            ring = KeyRing(private, algorithm=key.algorithm, others=others, former=[_public(one) for one in former])
            self.tokens.use(ring)
            self._shown = shown
        return True

    async def change_algorithm(self) -> None:
        """Make a key of the kind that JWT_ALGORITHM names now, if the newest is of another."""
        newest = (await self.store.keys())[0]
        if newest.algorithm != self.store.algorithm:
            await self.store.rotate(seen=newest.generation)
            await self.look()

    def _signing(self, plan: Plan) -> tuple[KeptKey, SigningKey] | None:
        """The newest key whose time has come and whose private half opens."""
        for key in plan.published:
            if key.signs_from <= plan.now:
                try:
                    if key.key_id not in self._opened:
                        self._opened[key.key_id] = self.store.opened(key)
                    return key, self._opened[key.key_id]
                except CannotOpen as problem:
                    log.error("token_key_sealed", keyId=key.key_id, reason=str(problem))
        return None

    async def _begin(self) -> None:
        """A key that signs at once, since nothing else can: the first one is what older versions left in the data folder."""
        keys = await self.store.keys()
        left = None if keys else left_in_folder(self.settings.data_dir, self.settings.jwt_algorithm)
        await self.store.rotate(at_once=True, key=left, seen=keys[0].generation if keys else 0)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(POLL.total_seconds())
            try:
                if not await self.look():
                    await self._begin()
            except MainspringError as error:  # what is known stays good; the database will answer again
                log.warn("token_keys_unknown", reason=type(error).__name__)


def _public(key: KeptKey) -> SigningKey:
    return read_key(key.public.encode(), "A token key")
