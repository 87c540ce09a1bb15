"""Compression of answers of at least 1024 bytes for clients that accept it (R-121)."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send
from starlette_compress import CompressMiddleware

from ..exchange import KEY, Exchange

THRESHOLD_BYTES = 1024


class Compression:
    """Costs a look-up for clients that do not accept it; `x-no-compression` in the request turns it off."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.compressed = CompressMiddleware(app, minimum_size=THRESHOLD_BYTES)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http":
            exchange: Exchange = scope[KEY]
            if b"accept-encoding" in exchange.received and b"x-no-compression" not in exchange.received:
                return self.compressed(scope, receive, send)
        return self.app(scope, receive, send)
