"""Policies, and the budgets that they give to addresses, users and whatever else is counted (D-25, D-27)."""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property

from ..settings.quota import Quota
from .budgets import Budgets, Standing
from .lending import Lender, QuickLender

PREFIX = "rl:api:"


@dataclass(frozen=True)
class Policy:
    """A limit by its name, as the headers of an answer show it."""

    name: str
    quota: Quota

    @cached_property
    def window(self) -> int:
        """The window in whole seconds."""
        return int(self.quota.window)

    @cached_property
    def header(self) -> bytes:
        """The policy as an item of `RateLimit-Policy`."""
        return b'"%b";q=%d;w=%d' % (self.name.encode(), self.quota.count, self.quota.window)

    @cached_property
    def label(self) -> bytes:
        """Its name as a structured string (RFC 9651)."""
        return b'"%b"' % self.name.encode()


class Limiter:
    """The budgets of all policies, one for each in a process. Without `enabled` nothing is counted."""

    def __init__(self, lender: Lender | QuickLender, *, enabled: bool = True, now: Callable[[], float] = time.time) -> None:
        self.lender, self.enabled, self.now = lender, enabled, now
        self._budgets: dict[Policy, Budgets[Hashable]] = {}

    def budgets(self, policy: Policy) -> Budgets[Hashable]:
        """The budgets of a policy, by what is counted: a network, the id of a user."""
        found = self._budgets.get(policy)
        if found is None:
            start = f"{PREFIX}{policy.name}:"
            found = Budgets(self.lender, window=policy.quota.window, name=lambda key: f"{start}{key}", now=self.now)
            self._budgets[policy] = found
        return found

    async def count(self, policy: Policy, key: Hashable) -> Standing | None:
        """Count one deed: a request, or an operation of which a request holds several. None when nothing is counted.

        Raises TooManyRequests for one too many, which is not counted.
        """
        if not self.enabled:
            return None
        return await self.budgets(policy).borrow(key, policy.quota.count)
