"""One line when a request is completed, one at debug when it starts (R-123 to R-125)."""

import logging
from collections.abc import Awaitable

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from ... import clock
from ..exchange import KEY, Exchange

log = structlog.get_logger(__name__)
level = logging.getLogger(__name__)


class AccessLog:
    """Logs method, path (never the query, it may hold secrets), status, duration, user agent, address and user."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http" or not level.isEnabledFor(logging.INFO):
            return self.app(scope, receive, send)
        return self._logged(scope, receive, send)

    async def _logged(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange: Exchange = scope[KEY]
        if level.isEnabledFor(logging.DEBUG):
            log.debug("request_started", method=exchange.method, url=exchange.path)
        try:
            await self.app(scope, receive, send)
        finally:
            log.info(
                "request_completed",
                method=exchange.method,
                url=exchange.path,
                status=exchange.status,
                durationMs=round((clock.monotonic() - exchange.started) * 1000, 2),
                userAgent=exchange.user_agent,
                ip=exchange.address,
                userId=str(exchange.user_id) if exchange.user_id else None,
            )
