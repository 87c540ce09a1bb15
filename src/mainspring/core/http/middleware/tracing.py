"""A span for every request (R-196), by the semantic conventions for HTTP; only there when traces are on."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

from ...observability.tracing import TRACING
from ..exchange import KEY, Exchange
from .trusted_hosts import BY_ADDRESS

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
OTHER = "_OTHER"
SERVER_ERROR = 500


class Traced:
    """Continues the trace of `traceparent`, or begins one. What machines ask all day (`/live`, `/metrics`) is left out.

    The route's template is told, never the path or the query, which may hold what only the caller should know.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return self._traced(scope, receive, send) if scope["type"] == "http" else self.app(scope, receive, send)

    async def _traced(self, scope: Scope, receive: Receive, send: Send) -> None:
        tracer = TRACING.tracer
        if tracer is None:
            await self.app(scope, receive, send)
            return
        if scope["path"] in BY_ADDRESS:
            with tracer.silently():
                await self.app(scope, receive, send)
            return
        exchange: Exchange = scope[KEY]
        method = exchange.method if exchange.method in METHODS else OTHER
        told = {
            "http.request.method": method,
            "url.scheme": scope.get("scheme", "http"),
            "network.protocol.version": scope.get("http_version", "1.1"),
            "mainspring.request_id": exchange.request_id,
        }
        with tracer.begin("HTTP" if method == OTHER else method, "server", told, exchange.header(b"traceparent")) as span:
            try:
                await self.app(scope, receive, send)
            finally:
                if exchange.route is not None:
                    route = exchange.route.partition(" ")[2]
                    span.name(f"{method} {route}")
                    span.set("http.route", route)
                if exchange.status:
                    span.set("http.response.status_code", exchange.status)
                if exchange.status >= SERVER_ERROR:
                    span.fail(str(exchange.status))
