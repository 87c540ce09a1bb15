"""Security headers on every answer (R-172 to R-175, R-332). The bytes are made once."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

from ..exchange import KEY

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: https:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

HEADERS: dict[bytes, bytes] = {
    b"content-security-policy": CONTENT_SECURITY_POLICY.encode(),
    b"strict-transport-security": b"max-age=31536000; includeSubDomains; preload",
    b"x-frame-options": b"DENY",
    b"x-content-type-options": b"nosniff",
    b"x-xss-protection": b"0",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"origin-agent-cluster": b"?1",
    b"x-dns-prefetch-control": b"off",
    b"x-permitted-cross-domain-policies": b"none",
    b"x-download-options": b"noopen",
}


class SecurityHeaders:
    """Puts the headers down for every answer; a route that sets one of them itself wins."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http":
            scope[KEY].headers.update(HEADERS)
        return self.app(scope, receive, send)
