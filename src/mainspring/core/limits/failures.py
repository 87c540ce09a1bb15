"""Guessing is limited: five failures in any 15 minutes for an address, and for an account from an address (R-163, D-27, D-29).

Nobody can lock an account for its owner, since failures count for the address they came from. Successes are not counted. All
processes of a machine count together, and all machines when there is something common to count in; what failed here is kept here
too, so that the limit holds while that does not answer.
"""

import asyncio
import contextvars
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from .. import ids, tasks
from ..errors import Forbidden, Invalid, MainspringError, TooManyRequests, Unavailable
from ..observability import security_events
from ..runtime import Runtime
from .failure_file import FailureFile
from .networks import network_of
from .ports import Common, Look

PATIENCE = 2.3  # seconds an attempt waits for others of the same key to be decided
LEASE = 10.0  # seconds after which an undecided attempt belongs to a dead process
LOOK_AGAIN = 0.03  # seconds


class FailureLimit:
    """Counts failures in a moving window. `purpose` keeps the counts of several limits apart."""

    def __init__(
        self,
        runtime: Runtime,
        *,
        purpose: str = "auth",
        per_address: int = 5,
        per_account: int = 5,
        window: timedelta = timedelta(minutes=15),
        enabled: bool = True,
        common: Common | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.purpose, self.enabled, self.common = purpose, enabled, common
        self.per_address, self.per_account, self.window = per_address, per_account, window.total_seconds()
        self.file = FailureFile(runtime, window=self.window, lease=LEASE, now=now)
        if common is not None:
            common.on_return(self._hand_over)

    @asynccontextmanager
    async def attempt(self, account: str, address: str | None, kind: str = "") -> AsyncIterator[None]:
        """Try a credential inside. What it raises counts as a failure, unless it was Unavailable or a limit.

        `kind` keeps the counts of an account's credentials apart (password, code); those of the address stay common.

        Raises TooManyRequests when there were too many. Attempts under way count as if they failed until they are decided, so
        that fifty at once are no fifty guesses; whoever would be one too many waits for them, at most 2.3 seconds, then gets
        Unavailable.
        """
        if not self.enabled:
            yield
            return
        limits = self._limits(account, address, kind)
        attempt, is_common = await self._begun(limits)
        try:
            yield
        except (Unavailable, TooManyRequests):
            await self._forget(limits, attempt, is_common)
            raise
        except MainspringError:
            await self._failed(attempt, limits, account, address)
            raise
        except BaseException:
            tasks.start(self._forget(limits, attempt, is_common), name="forget an attempt", context=contextvars.Context())
            raise
        await self._forget(limits, attempt, is_common)

    @asynccontextmanager
    async def unguessed(self, address: str | None) -> AsyncIterator[None]:
        """As `attempt`, for the address alone and for what nobody guesses by luck (a refresh token): none waits for another.

        Raises TooManyRequests when there were too many failures of any kind from the address.
        """
        if not self.enabled:
            yield
            return
        limits = self._limit_of_address(address)
        await self._look(limits)
        try:
            yield
        except (Unavailable, TooManyRequests, Invalid, Forbidden):  # a body that breaks a rule, a page that forgot its token
            raise
        except MainspringError:
            await self._failed(ids.secret(16), limits, "", address)
            raise

    async def count(self, address: str | None) -> None:
        """Count a failure of what nobody guesses by luck (an API key), after it happened.

        Raises TooManyRequests when there were too many before it; that one is counted no more.
        """
        if not self.enabled:
            return
        limits = self._limit_of_address(address)
        await self._look(limits)
        if (await self._noted(ids.secret(16), limits))[0] == self.per_address:
            security_events.suspicious_activity(None, "lock_out", purpose=self.purpose, ip=address)

    def _limit_of_address(self, address: str | None) -> Mapping[str, int]:
        return {f"{self.purpose} {network_of(address)}": self.per_address}

    def _limits(self, account: str, address: str | None, kind: str = "") -> Mapping[str, int]:
        network = network_of(address)
        hashed = hashlib.sha256(account.strip().casefold().encode("utf-8", "replace")).hexdigest()[:32]
        return {
            f"{self.purpose} {network}": self.per_address,
            f"{self.purpose} {network} {hashed} {kind}".rstrip(): self.per_account,
        }

    def _shares(self, common: Common, limits: Mapping[str, int]) -> Mapping[str, int]:
        """What this machine may let in by itself, at least one."""
        return {key: max(1, limit // common.machines) for key, limit in limits.items()}

    async def _begun(self, limits: Mapping[str, int]) -> tuple[str, bool]:
        """The attempt, and whether all machines know of it."""
        attempt, deadline = ids.secret(16), time.monotonic() + PATIENCE
        while True:
            found, is_common = await self._begin(limits, attempt)
            if found.refused is not None:
                raise TooManyRequests(retry_after=found.refused)
            if not found.is_full:
                return attempt, is_common
            if time.monotonic() > deadline:
                raise Unavailable
            await asyncio.sleep(LOOK_AGAIN)

    async def _begin(self, limits: Mapping[str, int], attempt: str) -> tuple[Look, bool]:
        common = self.common
        if common is None:
            return self.file.begin(limits, attempt), False
        if common.is_up:
            try:
                return await common.begin(limits, self.window, LEASE, attempt), True
            except Unavailable:
                pass  # counted on this machine
        return self.file.begin(self._shares(common, limits), attempt), False

    async def _look(self, limits: Mapping[str, int]) -> None:
        found, common = None, self.common
        if common is not None and common.is_up:
            with suppress(Unavailable):  # then counted on this machine
                found = await common.look(limits, self.window)
        if found is None:
            found = self.file.look(limits if common is None else self._shares(common, limits))
        if found.refused is not None:
            raise TooManyRequests(retry_after=found.refused)

    async def _failed(self, attempt: str, limits: Mapping[str, int], account: str, address: str | None) -> None:
        counts = await self._noted(attempt, limits)
        if any(count == limit for count, limit in zip(counts, limits.values(), strict=True)):
            security_events.suspicious_activity(None, "lock_out", email=account, ip=address)

    async def _noted(self, attempt: str, limits: Mapping[str, int]) -> list[int]:
        counts = self.file.fail(limits, attempt)
        if self.common is not None and self.common.is_up:
            try:
                return await self.common.fail(list(limits), self.window, attempt)
            except Unavailable:
                return counts  # handed over when it answers again
        return counts

    async def _forget(self, limits: Mapping[str, int], attempt: str, is_common: bool) -> None:
        if not is_common or self.common is None:
            self.file.forget(attempt)
            return
        try:
            await self.common.forget(list(limits), attempt)
        except Unavailable:
            return  # its lease ends by itself

    async def _hand_over(self) -> None:
        if self.common is not None and (failures := self.file.decided(self.purpose)):
            await self.common.add(failures, self.window)
