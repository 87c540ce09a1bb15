"""Guessing is limited: five failures in any 15 minutes for an address, and for an account from an address (R-163, D-27, D-29).

Nobody can lock an account for its owner, since failures count for the address they came from. Successes are not counted. All
processes of a machine count together.
"""

import asyncio
import hashlib
import ipaddress
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from sqlite3 import Connection

from .. import ids
from ..errors import Forbidden, Invalid, MainspringError, TooManyRequests, Unavailable
from ..observability import security_events
from ..runtime import Runtime

PATIENCE = 2.3  # seconds an attempt waits for others of the same key to be decided
LEASE = 10.0  # seconds after which an undecided attempt belongs to a dead process
LOOK_AGAIN = 0.03  # seconds

SCHEMA = """
CREATE TABLE IF NOT EXISTS failures (key TEXT NOT NULL, at REAL NOT NULL, attempt TEXT NOT NULL, undecided INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS ix_failures_key ON failures (key, undecided, at);
CREATE INDEX IF NOT EXISTS ix_failures_at ON failures (at);
CREATE INDEX IF NOT EXISTS ix_failures_attempt ON failures (attempt);
"""


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
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.runtime, self.purpose, self.enabled, self.now = runtime, purpose, enabled, now
        self.per_address, self.per_account, self.window = per_address, per_account, window.total_seconds()
        runtime.declare(SCHEMA)

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
        attempt = await self._begun(limits)
        try:
            yield
        except (Unavailable, TooManyRequests):
            self._forget(attempt)
            raise
        except MainspringError:
            self._failed(attempt, limits, account, address)
            raise
        except BaseException:
            self._forget(attempt)
            raise
        self._forget(attempt)

    @asynccontextmanager
    async def unguessed(self, address: str | None) -> AsyncIterator[None]:
        """As `attempt`, for the address alone and for what nobody guesses by luck (a refresh token): none waits for another.

        Raises TooManyRequests when there were too many failures of any kind from the address.
        """
        if not self.enabled:
            yield
            return
        limits = {f"{self.purpose} {network_of(address)}": self.per_address}
        with self.runtime.writing() as connection:
            connection.execute("DELETE FROM failures WHERE at <= ?", (self.now() - self.window,))
            for key, limit in limits.items():
                self._count(connection, key, limit, self.now())
        try:
            yield
        except (Unavailable, TooManyRequests, Invalid, Forbidden):  # a body that breaks a rule, a page that forgot its token
            raise
        except MainspringError:
            attempt = ids.secret(16)
            with self.runtime.writing() as connection:
                connection.executemany(
                    "INSERT INTO failures (key, at, attempt, undecided) VALUES (?, ?, ?, 1)",
                    [(key, self.now(), attempt) for key in limits],
                )
            self._failed(attempt, limits, "", address)
            raise

    def count(self, address: str | None) -> None:
        """Count a failure of what nobody guesses by luck (an API key), after it happened.

        Raises TooManyRequests when there were too many before it; that one is counted no more.
        """
        if not self.enabled:
            return
        key, now = f"{self.purpose} {network_of(address)}", self.now()
        with self.runtime.writing() as connection:
            connection.execute("DELETE FROM failures WHERE at <= ?", (now - self.window,))
            failed = self._count(connection, key, self.per_address, now)
            connection.execute(
                "INSERT INTO failures (key, at, attempt, undecided) VALUES (?, ?, ?, 0)", (key, now, ids.secret(16))
            )
        if failed + 1 == self.per_address:
            security_events.suspicious_activity(None, "lock_out", purpose=self.purpose, ip=address)

    def _limits(self, account: str, address: str | None, kind: str = "") -> Mapping[str, int]:
        network = network_of(address)
        hashed = hashlib.sha256(account.strip().casefold().encode("utf-8", "replace")).hexdigest()[:32]
        return {
            f"{self.purpose} {network}": self.per_address,
            f"{self.purpose} {network} {hashed} {kind}".rstrip(): self.per_account,
        }

    async def _begun(self, limits: Mapping[str, int]) -> str:
        attempt, deadline = ids.secret(16), time.monotonic() + PATIENCE
        while not self._begins(attempt, limits):
            if time.monotonic() > deadline:
                raise Unavailable
            await asyncio.sleep(LOOK_AGAIN)
        return attempt

    def _begins(self, attempt: str, limits: Mapping[str, int]) -> bool:
        now = self.now()
        with self.runtime.writing() as connection:
            connection.execute("DELETE FROM failures WHERE at <= ?", (now - self.window,))
            connection.execute("DELETE FROM failures WHERE undecided AND at <= ?", (now - LEASE,))
            counts = [self._count(connection, key, limit, now) for key, limit in limits.items()]
            if any(count >= limit for count, limit in zip(counts, limits.values(), strict=True)):
                return False
            connection.executemany(
                "INSERT INTO failures (key, at, attempt, undecided) VALUES (?, ?, ?, 1)", [(key, now, attempt) for key in limits]
            )
        return True

    def _count(self, connection: Connection, key: str, limit: int, now: float) -> int:
        """Failures and undecided attempts. Raises TooManyRequests when the failures alone are too many."""
        failed = [
            at for (at,) in connection.execute("SELECT at FROM failures WHERE key = ? AND NOT undecided ORDER BY at DESC", (key,))
        ]
        if len(failed) >= limit:
            raise TooManyRequests(retry_after=max(1.0, failed[limit - 1] + self.window - now))
        undecided: int = connection.execute("SELECT count(*) FROM failures WHERE key = ? AND undecided", (key,)).fetchone()[0]
        return len(failed) + undecided

    def _failed(self, attempt: str, limits: Mapping[str, int], account: str, address: str | None) -> None:
        with self.runtime.writing() as connection:
            connection.execute("UPDATE failures SET undecided = 0, at = ? WHERE attempt = ?", (self.now(), attempt))
            counts = {
                key: connection.execute("SELECT count(*) FROM failures WHERE key = ? AND NOT undecided", (key,)).fetchone()[0]
                for key in limits
            }
        if any(counts[key] == limit for key, limit in limits.items()):
            security_events.suspicious_activity(None, "lock_out", email=account, ip=address)

    def _forget(self, attempt: str) -> None:
        with self.runtime.writing() as connection:
            connection.execute("DELETE FROM failures WHERE attempt = ?", (attempt,))


def network_of(address: str | None) -> str:
    """What an address counts as: IPv4 itself, also when mapped into IPv6; IPv6 its /64, one subscriber (D-25, D-28)."""
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
