"""One line when a request is completed, one at debug when it starts (R-123 to R-125), and its figures (R-195)."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

from ... import clock
from ...observability.logs import get_logger, log_request
from ...observability.metrics import requests
from ..exchange import KEY, Exchange

log = get_logger(__name__)


class AccessLog:
    """Logs method, path (never the query, it may hold secrets), status, duration, user agent, address and user."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return self._logged(scope, receive, send) if scope["type"] == "http" else self.app(scope, receive, send)

    async def _logged(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange: Exchange = scope[KEY]
        log.debug("request_started")
        requests.begin()
        try:
            await self.app(scope, receive, send)
        finally:
            seconds = clock.monotonic() - exchange.started
            requests.end(exchange.route, exchange.method, exchange.status, seconds)
            log_request(exchange.status, seconds * 1000)
