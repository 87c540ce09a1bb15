"""Bodies over the limit are refused before they are read, or while they stream in (R-118)."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

from ..body import refuse_long
from ..exchange import KEY


class BodyLimit:
    """Refuses an announced length over the limit with 413. What comes without a length is counted where it is read."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self.limit = limit

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http" and (announced := scope[KEY].received.get(b"content-length")) is not None:
            refuse_long(announced, self.limit)
        return self.app(scope, receive, send)
