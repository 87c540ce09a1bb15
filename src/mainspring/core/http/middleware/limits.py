"""Addresses that nobody vouches for are counted before anything is done for them (R-161, R-169)."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

from ...errors import MainspringError, TooManyRequests, Unavailable
from ...security.refusals import KeyRefused
from ..exchange import KEY, Exchange
from ..limiting import EXEMPT, RequestLimits

# A stale key in one container must not use up the address of the people beside it: refused keys have a limit of their own.
COUNTED_ELSEWHERE = (Unavailable, TooManyRequests, KeyRefused)


class Limits:
    """Counts a request that shows no credential. One that does is counted where it is known whose it is; when that is never
    found out, because the credential is refused or there is no such route, it counts for its address."""

    def __init__(self, app: ASGIApp, limits: RequestLimits | None) -> None:
        self.app = app
        self.limits = limits

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        limits = self.limits
        if limits is None or scope["type"] != "http" or scope["path"] in EXEMPT:
            return self.app(scope, receive, send)
        exchange: Exchange = scope[KEY]
        if limits.shows_credential(exchange.received):
            exchange.limits = limits
            return self._watched(limits, exchange, receive, send)
        if limits.took(exchange):
            return self.app(scope, receive, send)
        return self._counted(limits, exchange, receive, send)

    async def _counted(self, limits: RequestLimits, exchange: Exchange, receive: Receive, send: Send) -> None:
        await limits.count_address(exchange)
        await self.app(exchange.scope, receive, send)

    async def _watched(self, limits: RequestLimits, exchange: Exchange, receive: Receive, send: Send) -> None:
        try:
            await self.app(exchange.scope, receive, send)
        except MainspringError as error:
            if exchange.limits is not None and not exchange.status and not isinstance(error, COUNTED_ELSEWHERE):
                await limits.count_address(exchange)
            raise
