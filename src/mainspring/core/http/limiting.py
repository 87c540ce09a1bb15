"""Requests are counted: an address while nobody is signed in, else the user, and what single routes ask for (R-161 to R-170).

An address is counted before anything else is done. A request that shows a credential is counted when it is known whose it is: for
the user, or for the address when the credential was not accepted.
"""

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, Literal

from fastapi import Depends, Request

from ..errors import TooManyRequests
from ..limits.limiter import Limiter, Policy
from ..limits.networks import network_of
from ..security.session_cookies import SessionCookies
from ..settings.quota import Quota

if TYPE_CHECKING:
    from ..application import Application
    from ..context import Context
    from ..security.principal import Principal
    from .exchange import Exchange

EXEMPT = frozenset(("/live", "/ready", "/health", "/metrics"))
CREDENTIALS = (b"authorization", b"x-access-token", b"x-api-key")

By = Literal["address", "user", "key", "everyone"]
KeyOf = Callable[["Context"], Hashable]


class RequestLimits:
    """The limits of every request. An API key has a budget of its own (`core.security.key_gate`), and no other one here."""

    def __init__(self, application: "Application") -> None:
        settings = application.settings
        self.limiter = application.resolve(Limiter)
        self.anonymous = Policy("anonymous", settings.limits.anonymous)
        self.signed_in = Policy("signed-in", settings.limits.signed_in)
        self.addresses = self.limiter.budgets(self.anonymous)
        self.users = self.limiter.budgets(self.signed_in)
        self._cookie = application.resolve(SessionCookies).access.encode()

    def shows_credential(self, received: dict[bytes, bytes]) -> bool:
        """Whether the headers hold something that may prove who asks."""
        if any(name in received for name in CREDENTIALS):
            return True
        cookies = received.get(b"cookie")
        return cookies is not None and self._cookie in cookies

    def took(self, exchange: "Exchange") -> bool:
        """Whether the request was counted for its address without asking anybody."""
        standing = self.addresses.take(network_of(exchange.address))
        if standing is None:
            return False
        exchange.told(self.anonymous, standing)
        return True

    async def count_address(self, exchange: "Exchange") -> None:
        """Count the request for its address. Raises TooManyRequests."""
        exchange.limits = None
        if not self.took(exchange):
            await _count(self.limiter, self.anonymous, network_of(exchange.address), exchange)

    async def count_caller(self, exchange: "Exchange", principal: "Principal | None") -> None:
        """Count the request for who asks. Raises TooManyRequests."""
        exchange.limits = None
        if principal is None:
            await self.count_address(exchange)
        elif principal.key_id is None:
            standing = self.users.take(principal.id)
            if standing is None:
                await _count(self.limiter, self.signed_in, principal.id, exchange)
            else:
                exchange.told(self.signed_in, standing)

    async def count_shown(self, exchange: "Exchange") -> None:
        """The same where everybody may come in: whoever is recognised is counted as such. Raises TooManyRequests."""
        await self.count_caller(exchange, await exchange.application.authenticator.recognised(exchange.scope))


class RouteLimit:
    """A limit of one route, beside those of every request."""

    def __init__(self, quota: "str | Quota | Callable[[Any], Quota]", by: By | KeyOf) -> None:
        self.quota = Quota.parse(quota) if isinstance(quota, str) else quota
        self.key_of: KeyOf = WAYS[by] if isinstance(by, str) else by

    async def __call__(self, request: Request) -> None:
        """Counted by the route's plan, before the body is read."""

    def on(self, name: str, settings: Any) -> "CountedRoute":  # Any: Settings, which a quota may be taken from
        """The limit as it is counted on the route of this name."""
        quota = self.quota if isinstance(self.quota, Quota) else self.quota(settings)
        return CountedRoute(Policy(name, quota), self.key_of)


class CountedRoute:
    """A policy, and by what it is counted."""

    def __init__(self, policy: Policy, key_of: KeyOf) -> None:
        self.policy, self.key_of = policy, key_of

    async def count(self, exchange: "Exchange") -> None:
        """Count the request. Raises TooManyRequests."""
        limiter = exchange.application.resolve(Limiter)
        if limiter.enabled:
            await _count(limiter, self.policy, self.key_of(exchange), exchange)


def limit(quota: "str | Quota | Callable[[Any], Quota]", by: By | KeyOf = "user") -> Any:  # Any: like Depends() itself
    """`@router.post(..., dependencies=[limit("5/1m")])`: so many requests of the route in any such time (R-029, R-164).

    `by` says what is counted apart: the `user` (the address of those who are not signed in), the `address`, the `key` (an API
    key, else the user), nothing (`everyone` together), or what a function of the context answers. A function as quota takes it
    from the settings.
    """
    return Depends(RouteLimit(quota, by))


def route_limit_of(call: Callable[..., Any] | None) -> RouteLimit | None:
    """The limit behind a dependency's callable, if it is one."""
    return call if isinstance(call, RouteLimit) else None


def _of_user(context: "Context") -> Hashable:
    return context.user_id or network_of(context.address)


def _of_key(context: "Context") -> Hashable:
    return context.key_id or _of_user(context)


def _of_address(context: "Context") -> Hashable:
    return network_of(context.address)


def _of_everyone(context: "Context") -> Hashable:
    return "everyone"


WAYS: dict[By, KeyOf] = {"user": _of_user, "key": _of_key, "address": _of_address, "everyone": _of_everyone}


async def _count(limiter: Limiter, policy: Policy, key: Hashable, exchange: "Exchange") -> None:
    try:
        standing = await limiter.budgets(policy).borrow(key, policy.quota.count)
    except TooManyRequests as refused:
        exchange.told(policy, None, refused.retry_after)
        raise
    exchange.told(policy, standing)
