"""Cross-origin requests by an exact allow-list (D-32, R-176 to R-178, the Fetch standard)."""

from collections.abc import Awaitable, Collection

from starlette.types import ASGIApp, Receive, Scope, Send

from ..exchange import KEY, Exchange

METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
REQUEST_HEADERS = (
    b"Content-Type, Authorization, X-CSRF-Token, X-API-Key, X-Access-Token, X-Device-Token, X-Request-ID, Idempotency-Key, "
    b"If-Match, If-None-Match, Last-Event-ID, DPoP"
)
EXPOSED_HEADERS = (
    b"Location, ETag, Link, X-Request-ID, RateLimit, RateLimit-Policy, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, "
    b"Retry-After, Idempotent-Replayed"
)
MAX_AGE_SECONDS = b"600"
DEVELOPMENT_ORIGINS = ("http://localhost:3000", "http://localhost:3001")


class Cors:
    """Answers preflights with 200 and names the origin on answers to it. A request without `Origin` is not CORS."""

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        self.app = app
        self.origins = frozenset(origin.rstrip("/").encode() for origin in origins)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http" or not self.origins:
            return self.app(scope, receive, send)
        exchange: Exchange = scope[KEY]
        exchange.vary(b"Origin")
        origin = exchange.received.get(b"origin")
        if origin is None:
            return self.app(scope, receive, send)
        preflight = scope["method"] == "OPTIONS" and b"access-control-request-method" in exchange.received
        if origin in self.origins:
            headers = exchange.headers
            headers[b"access-control-allow-origin"] = origin
            headers[b"access-control-allow-credentials"] = b"true"
            if preflight:
                headers[b"access-control-allow-methods"] = METHODS
                headers[b"access-control-allow-headers"] = REQUEST_HEADERS
                headers[b"access-control-max-age"] = MAX_AGE_SECONDS
            else:
                headers[b"access-control-expose-headers"] = EXPOSED_HEADERS
                headers[b"cross-origin-resource-policy"] = b"cross-origin"
        return _preflight(send) if preflight else self.app(scope, receive, send)


async def _preflight(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
