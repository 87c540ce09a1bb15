"""Only hosts of ours are answered for, so that nobody plants a foreign name into links (R-041)."""

from collections.abc import Awaitable, Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from ...errors import Malformed
from ..exchange import KEY, Exchange
from ..problems import MisdirectedRequest

MOST_SEEN = 1000
BY_ADDRESS = frozenset(("/live", "/ready", "/health", "/metrics"))  # machines ask there by address, and no link leaves
ONCE = (b"host", b"content-length", b"content-type", b"transfer-encoding", b"origin", b"idempotency-key")


class TrustedHosts:
    """Refuses other hosts with 421, and requests that name a decisive header twice with 400 (RFC 9112 3.2).

    Where probes and scrapers ask, every host is good.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self.app = app
        self.any = "*" in hosts or not hosts
        self.exact = frozenset(host.lower().encode() for host in hosts if not host.startswith("*."))
        self.endings = tuple(host[1:].lower().encode() for host in hosts if host.startswith("*."))
        self._seen: set[bytes] = set()

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http":
            exchange: Exchange = scope[KEY]
            if len(exchange.received) != len(scope["headers"]):
                _refuse_twice(scope)
            if not self.any and scope["path"] not in BY_ADDRESS and not self._is_ours(exchange.received.get(b"host", b"")):
                raise MisdirectedRequest()
        return self.app(scope, receive, send)

    def _is_ours(self, host: bytes) -> bool:
        if host in self._seen:
            return True
        ours = self._fits(host)
        if ours and len(self._seen) < MOST_SEEN:
            self._seen.add(host)
        return ours

    def _fits(self, host: bytes) -> bool:
        name = host.lower()
        if not name.endswith(b"]"):
            name = name.rpartition(b":")[0] if b":" in name else name
        return name in self.exact or name.endswith(self.endings)


def _refuse_twice(scope: Scope) -> None:
    names = [name for name, _ in scope["headers"]]
    for name in ONCE:
        if names.count(name) > 1:
            raise Malformed(f"The header {name.decode()} was sent twice.")
