"""From the text of an API key to the caller it speaks for (R-099): shape, snapshot, secret, budget, in this order.

A good key costs a look into two dictionaries. Failures count for the address they come from, apart from those of signing in: a
stale key in one container must not lock the people behind the same address out. And they are counted after the look, for no
number of them may shut out a good key; what they cost the database is bounded, since one query answers all who wait.
"""

import time
from collections.abc import Callable
from functools import lru_cache
from typing import NoReturn
from uuid import UUID

from .. import clock, context
from ..errors import TooManyRequests
from ..limits.budgets import WINDOW, Budgets
from ..limits.failures import FailureLimit
from ..limits.limiter import Policy
from ..observability import security_events
from ..settings.quota import Quota
from . import key_text
from .key_uses import KeyUses
from .ports import KeyState
from .principal import Principal
from .refusals import KeyExpired, KeyInvalid, KeyRefused, KeyRevoked
from .snapshots import KeySnapshots, Snapshot

REMEMBERED = 10_000  # texts a process


class _Known:
    """A text that opened a key, and who that was when last looked up."""

    __slots__ = ("expires", "per_minute", "principal", "snapshot")

    def __init__(self, principal: Principal, snapshot: Snapshot[KeyState], per_minute: int) -> None:
        self.principal, self.snapshot, self.per_minute = principal, snapshot, per_minute
        self.expires = principal.expires_at.timestamp()


class KeyGate:
    """Answers who asks with an API key. `live` keys are those of production; a place takes its own kind only."""

    def __init__(
        self,
        snapshots: KeySnapshots,
        budgets: Budgets[UUID],
        uses: KeyUses,
        failures: FailureLimit,
        *,
        live: bool,
        limited: bool = True,
        remembered: int = REMEMBERED,
    ) -> None:
        self.snapshots, self.budgets, self.uses, self.failures = snapshots, budgets, uses, failures
        self.live, self.limited, self.remembered = live, limited, remembered
        self._known: dict[bytes, _Known] = {}
        self._monotonic: Callable[[], float] = snapshots.monotonic

    async def principal(self, text: bytes) -> Principal:
        """Whose key this is, with one request of its budget used.

        Raises KeyInvalid, KeyExpired, KeyRevoked, and TooManyRequests for a key that used its budget up and for an address that
        failed too often.
        """
        known = self._known.get(text)
        now = self._monotonic()
        if known is not None and now < known.snapshot.renew_at and time.time() < known.expires:
            known.snapshot.used_at = now
        else:
            known = await self._looked_up(text)
        principal = known.principal
        key_id = principal.session_id
        if self.limited:
            await self._count(key_id, known.per_minute)
        self.uses.note(key_id)
        return principal

    async def _count(self, key_id: UUID, per_minute: int) -> None:
        here, policy = context.current(), policy_of(per_minute)
        try:
            standing = self.budgets.take(key_id) or await self.budgets.borrow(key_id, per_minute)
        except TooManyRequests as refused:
            here.told(policy, None, refused.retry_after)
            raise
        here.told(policy, standing)

    async def _looked_up(self, text: bytes) -> _Known:
        try:
            known = await self._opened(text)
        except KeyRefused:
            self._known.pop(text, None)
            await self.failures.count(context.current().address)
            raise
        if text not in self._known and len(self._known) >= self.remembered:
            del self._known[next(iter(self._known))]
        self._known[text] = known
        return known

    async def _opened(self, text: bytes) -> _Known:
        key_id = key_text.id_of(text, live=self.live)
        if key_id is None:
            raise KeyInvalid
        snapshot = await self.snapshots.of(key_id)
        state = snapshot.state
        end = None if state is None else key_text.end_of(text, state.secrets)
        if state is None:
            raise KeyInvalid
        if end is None:
            _suspicious(state.user_id, key_id, "forged_api_key", KeyInvalid)
        if state.ended == "revoked":
            _suspicious(state.user_id, key_id, "revoked_api_key", KeyRevoked)
        if state.ended == "expired" or min(end, state.expires_at) <= clock.now():
            raise KeyExpired
        held = snapshot.held.within(state.scopes)
        principal = Principal(
            id=state.user_id,
            email=state.email,
            roles=held.roles,
            permissions=held.permissions,
            session_id=key_id,
            token_id=str(key_id),
            expires_at=min(end, state.expires_at),
            key_id=key_id,
            scopes=state.scopes,
        )
        return _Known(principal, snapshot, state.per_minute)


@lru_cache(100)
def policy_of(per_minute: int) -> Policy:
    """The limit of a key, as the headers of answers show it."""
    return Policy("api-key", Quota(per_minute, WINDOW))


def _suspicious(user_id: UUID, key_id: UUID, activity: str, refusal: type[KeyRefused]) -> NoReturn:
    """Refuse what somebody shows who has no business to: a secret made up for a real key, or one that was taken back."""
    security_events.suspicious_activity(user_id, activity, keyId=key_id, ip=context.current().address)
    raise refusal
