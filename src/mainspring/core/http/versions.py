"""Versions of the API (R-131, R-133): by path, and by setting also by header or query where the path names none.

With `API_DEFAULT_VERSION=v1`, `/api/users` is answered as `/api/v1/users`; `API-Version: v2` or `?api-version=v2` chooses
another. Routes that will go say so: `Router(leaving=Leaving(since=..., until=...))`.
"""

import re
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from starlette.types import ASGIApp, Receive, Scope, Send

from .exchange import KEY, Exchange
from .parameters import parse_query

PREFIX = "/api/"
VERSION = re.compile(r"v?([0-9]{1,3})")
NAMED = re.compile(r"/api/v[0-9]+(/|$)")


@dataclass(frozen=True, slots=True)
class Leaving:
    """Routes that will go: deprecated `since` (RFC 9745), gone after `until` (RFC 8594). Both moments are aware."""

    since: datetime
    until: datetime | None = None

    def headers(self) -> dict[bytes, bytes]:
        """`Deprecation` and `Sunset`."""
        headers = {b"deprecation": b"@%d" % int(self.since.timestamp())}
        if self.until is not None:
            headers[b"sunset"] = format_datetime(self.until.astimezone(UTC), usegmt=True).encode()
        return headers


class Versions:
    """Puts the version into paths that name none, before the routes are searched."""

    def __init__(self, app: ASGIApp, default: str) -> None:
        self.app = app
        self.default = default

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http":
            path: str = scope["path"]
            if path.startswith(PREFIX) and not NAMED.match(path):
                scope["path"] = f"/api/{self._asked(scope)}/{path.removeprefix(PREFIX)}"
        return self.app(scope, receive, send)

    def _asked(self, scope: Scope) -> str:
        exchange: Exchange = scope[KEY]
        exchange.vary(b"API-Version")
        sent = exchange.header(b"api-version")
        if sent is None and b"api-version" in scope["query_string"]:
            sent = parse_query(scope["query_string"]).get("api-version", [""])[-1]
        found = VERSION.fullmatch(sent) if sent else None
        return f"v{found[1]}" if found else self.default if not sent else "unknown"
